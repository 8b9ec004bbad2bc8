{ The dialog for an account of any transport. It is drawn from what the library says of the fields, and at each key stroke Check
  answers which of them show, what is wrong, and what would mend it; no transport is known here. For Delphi (VCL) and Lazarus (LCL). }

unit SettingsForm;

{$IFDEF FPC}{$MODE DELPHI}{$CODEPAGE UTF8}{$ENDIF}

interface

uses SysUtils, Classes, Math, Graphics, Controls, Forms, StdCtrls, ExtCtrls, Postkontor, PostkontorForm;

type
  { A field as it is drawn. }
  TRow = record
    State: TPostkontorState;
    TitleLabel, ProblemLabel: TLabel;
    Input: TWinControl;
    MendButton: TButton;
  end;

  TSettingsForm = class(TForm)
  private
    FHost: TPostkontorHost;
    FId, FPlace: UTF8String;
    FScroll: TScrollBox;
    FMore: TCheckBox;
    FTest: TButton;
    FIsShowing: Boolean;
    function Add(Kind: TControlClass; Parent: TWinControl; Align: TAlign; Size: Integer = 0; const Text: string = ''): TControl;
    procedure AddRow(Index: Integer);
    procedure Check(Sender: TObject);
    function Arrange(Group, Width: Integer): Integer;
    procedure Changed(Sender: TObject);
    procedure Mend(Sender: TObject);
    procedure Test(Sender: TObject);
    procedure Step(Sender: TObject; const Step: UTF8String);
    procedure Save(Sender: TObject);
  public
    { The settings as they stand in the form. }
    Document: UTF8String;
    Fields: TPostkontorFields;
    Rows: array of TRow;
    Report: TMemo;
    { For the account Id of the document Settings. ShowModal is mrOk when Document is to be saved. }
    constructor Create(Host: TPostkontorHost; const Settings, Id, Language: UTF8String); reintroduce;
    { Goes to the field at a pointer, which Check or an error of any call gave. }
    procedure Focus(const Pointer: UTF8String);
    function SetFocusedControl(Control: TWinControl): Boolean; override;
  end;

implementation

const { in English, German and Slovenian }
  TEXTS: array[0..2, 0..3] of string = (('More settings', 'Test', 'Save', 'Correct'),
    ('Weitere Einstellungen', 'Testen', 'Speichern', 'Korrigieren'), ('Več nastavitev', 'Preizkusi', 'Shrani', 'Popravi'));
  KINDS: array[TPostkontorKind] of TControlClass = (TGroupBox, TEdit, TEdit, TEdit, TCheckBox, TComboBox);

constructor TSettingsForm.Create(Host: TPostkontorHost; const Settings, Id, Language: UTF8String);
var
  Form: UTF8String;
  Index: Integer;
  Bar: TWinControl;
begin
  inherited CreateNew(Application);
  FHost := Host;
  FHost.OnStep := Step;
  FId := Id;
  FPlace := '/accounts/' + PostkontorToken(Id);
  Document := Settings;
  Form := Host.Schema(PostkontorPlain(PostkontorAt(Document, FPlace + '/transport')), Language);
  Fields := PostkontorFields(Form, Document);
  Tag := Ord(Copy(Language, 1, 2) = 'de') + 2 * Ord(Copy(Language, 1, 2) = 'sl');
  Caption := string(Id + ': ' + PostkontorPlain(PostkontorAt(Form, '/schema/title')));
  SetBounds(0, 0, 800, 720);
  Position := poScreenCenter;
  ShowHint := True;
  FScroll := TScrollBox(Add(TScrollBox, Self, alClient));
  Report := TMemo(Add(TMemo, Self, alBottom, 100));
  Report.ReadOnly := True;
  Bar := TPanel(Add(TPanel, Self, alBottom, 36));
  FMore := TCheckBox(Add(TCheckBox, Bar, alLeft, 300, TEXTS[Tag, 0]));
  FMore.OnClick := Check;
  FTest := TButton(Add(TButton, Bar, alRight, 110, TEXTS[Tag, 1]));
  FTest.OnClick := Test;
  TButton(Add(TButton, Bar, alRight, 110, TEXTS[Tag, 2])).OnClick := Save;
  SetLength(Rows, Length(Fields));
  for Index := 0 to High(Fields) do AddRow(Index);
  Check(nil);
  FScroll.OnResize := Check;
end;

function TSettingsForm.Add(Kind: TControlClass; Parent: TWinControl; Align: TAlign; Size: Integer; const Text: string): TControl;
begin
  Result := Kind.Create(Self);
  Result.Parent := Parent;
  Result.Align := Align;
  Result.SetTextBuf(PChar(Text));
  if Align = alBottom then Result.Height := Size;
  if Align in [alLeft, alRight] then Result.Width := Size;
end;

procedure TSettingsForm.AddRow(Index: Integer);
var Parent: TWinControl; Choice: Integer;
begin
  Parent := FScroll;
  if Fields[Index].Group >= 0 then Parent := Rows[Fields[Index].Group].Input;
  with Rows[Index], Fields[Index] do
  begin
    TitleLabel := TLabel(Add(TLabel, Parent, alNone, 0, string(Title)));
    Input := TWinControl(Add(KINDS[Kind], Parent, alNone));
    Input.Hint := string(Description);
    Input.Tag := Index;
    ProblemLabel := TLabel(Add(TLabel, Parent, alNone));
    ProblemLabel.AutoSize := False;
    ProblemLabel.WordWrap := True;
    ProblemLabel.Font.Color := clRed;
    MendButton := TButton(Add(TButton, Parent, alNone, 0, TEXTS[Self.Tag, 3]));
    MendButton.OnClick := Mend;
    MendButton.Tag := Index;
    case Kind of
      pkGroup: TGroupBox(Input).Caption := string(Title);
      pkYesNo: TCheckBox(Input).OnClick := Changed;
      pkText, pkSecret, pkNumber: TEdit(Input).OnChange := Changed;
      pkChoice:
        begin
          TComboBox(Input).Style := csDropDownList;
          TComboBox(Input).OnChange := Changed;
          for Choice := 0 to High(Titles) do TComboBox(Input).Items.Add(string(Titles[Choice]));
        end;
    end;
  end;
end;

{ Asks what the settings are now, and shows it. }
procedure TSettingsForm.Check(Sender: TObject);
var Answer: UTF8String; Index: Integer;
begin
  Answer := FHost.Check(Document);
  for Index := 0 to High(Fields) do Rows[Index].State := PostkontorState(Fields[Index], Document, FPlace, Answer);
  FIsShowing := True;
  Arrange(-1, FScroll.ClientWidth);
  FIsShowing := False;
end;

{ Whose a certificate is, its dates and its fingerprint, each in a line. }
function Seen(const Certificate: UTF8String): UTF8String;
begin
  Result := '';
  if Certificate <> '' then
    Result := #10 + PostkontorMember(Certificate, 'subject') + #10 + Copy(PostkontorMember(Certificate, 'not_before'), 1, 10) + ' - '
      + Copy(PostkontorMember(Certificate, 'not_after'), 1, 10) + #10 + 'SHA-256 ' + PostkontorMember(Certificate, 'fingerprint');
end;

{ Puts the fields of a group that show below each other; the answer is how high they are together, 0 where none shows. }
function TSettingsForm.Arrange(Group, Width: Integer): Integer;
var Index, Left, Inner: Integer;
begin
  Result := {$IFDEF FPC}0{$ELSE}-FScroll.VertScrollBar.Position * Ord(Group < 0){$ENDIF};
  for Index := 0 to High(Fields) do
    if Fields[Index].Group = Group then
      with Rows[Index], Fields[Index], State do
      begin
        Inner := 1;
        if Kind = pkGroup then Inner := Arrange(Index, Width - 20);
        Input.Visible := IsVisible and (Inner > 0) and (FMore.Checked or not IsAdvanced or (Problem <> ''));
        TitleLabel.Visible := Input.Visible and (Kind <> pkGroup);
        ProblemLabel.Visible := Input.Visible and (Problem + Certificate <> '');
        MendButton.Visible := ProblemLabel.Visible and (Patch <> '');
        if not Input.Visible then Continue;
        Left := 8 + 290 * Ord(TitleLabel.Visible);
        TitleLabel.SetBounds(8, Result + 5, 286, 20);
        Input.SetBounds(Left, Result, Width - Left - 12, Input.Height);
        case Kind of
          pkGroup: Input.Height := Inner + 24;
          pkYesNo: TCheckBox(Input).Checked := Text = 'true';
          pkChoice: TComboBox(Input).ItemIndex := Choice;
        else
          if TEdit(Input).Text <> string(Text) then TEdit(Input).Text := string(Text);
          TEdit(Input).TextHint := string(Default);
          if Kind = pkSecret then TEdit(Input).PasswordChar := Char(Ord('*') * Ord(not IsReference));
        end;
        Inc(Result, Input.Height + 4);
        ProblemLabel.Caption := string(Problem + Seen(Certificate));
        ProblemLabel.Font.Color := TColor(IfThen(Problem = '', clGrayText, clRed));
        ProblemLabel.SetBounds(Left, Result, Width - Left - 136, 34 + 76 * Ord(Certificate <> ''));
        MendButton.SetBounds(Width - 132, Result, 120, 28);
        Inc(Result, (ProblemLabel.Height + 4) * Ord(ProblemLabel.Visible));
      end;
end;

procedure TSettingsForm.Changed(Sender: TObject);
var Value: UTF8String;
begin
  if FIsShowing then Exit;
  with Rows[TControl(Sender).Tag] do
    case Fields[Input.Tag].Kind of
      pkYesNo: Value := UTF8String(LowerCase(BoolToStr(TCheckBox(Input).Checked, True)));
      pkChoice: Value := Fields[Input.Tag].Values[TComboBox(Input).ItemIndex];
    else
      Value := PostkontorTyped(Fields[Input.Tag], UTF8String(TEdit(Input).Text), State.IsReference);
    end;
  Document := PostkontorPut(Document, FPlace + Fields[TControl(Sender).Tag].Pointer, Value);
  Check(nil);
end;

procedure TSettingsForm.Mend(Sender: TObject);
begin
  Document := PostkontorMerge(Document, Rows[TControl(Sender).Tag].State.Patch);
  Rows[TControl(Sender).Tag].Input.SetFocus;
  Check(nil);
end;

procedure TSettingsForm.Focus(const Pointer: UTF8String);
var Index: Integer;
begin
  Index := PostkontorFieldAt(Fields, FPlace, Pointer);
  if Index < 0 then Exit;
  if not Rows[Index].Input.CanFocus then FMore.Checked := True;
  if Rows[Index].Input.CanFocus then Rows[Index].Input.SetFocus;
end;

function TSettingsForm.SetFocusedControl(Control: TWinControl): Boolean;
begin
  Result := inherited SetFocusedControl(Control);
  if (Control <> nil) and FScroll.ContainsControl(Control) then FScroll.ScrollInView(Control);
end;

procedure TSettingsForm.Test(Sender: TObject);
begin
  FTest.Enabled := False;
  Report.Clear;
  try
    with TPostkontorAccount.Create(FHost, Document, FId) do
      try Test('{"steps":true}') finally Free end;
  except
    on E: EPostkontor do
      begin Report.Lines.Add(E.Message); Focus(PostkontorPlain(PostkontorAt(E.Json, '/at/0/pointer'))); end;
  end;
  FTest.Enabled := True;
end;

{ What became of a step, as a sign that needs no language: a tick, a cross, an exclamation mark. }
function Sign(const Status: UTF8String): UTF8String;
begin
  if Status = 'ok' then Result := UTF8Encode(UnicodeString(WideChar($2713)))
  else if Status = 'fail' then Result := UTF8Encode(UnicodeString(WideChar($2717)))
  else Result := '!';
end;

procedure TSettingsForm.Step(Sender: TObject; const Step: UTF8String);
begin
  if PostkontorMember(Step, 'status') <> 'skipped' then
    Report.Lines.Add(string(Sign(PostkontorMember(Step, 'status')) + ' ' + PostkontorMember(Step, 'message') + ' ' + PostkontorMember(Step, 'advice')));
  if PostkontorMember(Step, 'status') = 'fail' then Focus(PostkontorMember(Step, 'pointer'));
end;

{ Where Check finds an error, the dialog stays open and leads to it. }
procedure TSettingsForm.Save(Sender: TObject);
var Index: Integer;
begin
  for Index := 0 to High(Fields) do
    if Rows[Index].State.IsError then
    begin Focus(FPlace + Fields[Index].Pointer); Exit; end;
  ModalResult := mrOk;
end;

end.
