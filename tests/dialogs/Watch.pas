{ Tells on standard output what the settings dialog shows, a line of JSON each time it has changed. The compiler links it into the
  example (option -Fa), which does not know of it. }

unit Watch;

{$MODE DELPHI}{$CODEPAGE UTF8}

interface

implementation

uses
  cwstring, Interfaces, SysUtils, Classes, Controls, Forms, StdCtrls, Postkontor, PostkontorForm, SettingsForm;

type
  TWatch = class
    Last: UTF8String;
    procedure Idle(Sender: TObject; var Done: Boolean);
  end;

var
  Watcher: TWatch;

{ What a control shows to the user. }
function Shown(Input: TWinControl): UTF8String;
begin
  Result := '';
  if Input is TComboBox then
    Result := TComboBox(Input).Text
  else if Input is TCheckBox then
    Result := LowerCase(BoolToStr(TCheckBox(Input).Checked, True))
  else if (Input is TEdit) and (TEdit(Input).PasswordChar <> #0) then
    Result := StringOfChar(TEdit(Input).PasswordChar, Length(UTF8Decode(TEdit(Input).Text)))
  else if Input is TEdit then
    Result := TEdit(Input).Text
  else
    Result := TGroupBox(Input).Caption;
end;

function Caption(Control: TControl): UTF8String;
begin
  Result := '';
  if (Control <> nil) and Control.IsVisible then
    Result := Control.Caption;
end;

{ Whether a button cannot be pressed, as that of a running test. }
function IsBusy(Form: TForm): Boolean;
var
  Index: Integer;
begin
  Result := False;
  for Index := 0 to Form.ComponentCount - 1 do
    if Form.Components[Index] is TButton then
      Result := Result or not TButton(Form.Components[Index]).Enabled;
end;

{ The control with the focus: the pointer of a field, with a # behind it for its button; of others what stands on them. }
function Focused(Form: TSettingsForm): UTF8String;
var
  Index: Integer;
begin
  Result := '';
  if Screen.ActiveControl <> nil then
    Result := Screen.ActiveControl.Caption;
  for Index := 0 to High(Form.Rows) do
    if Form.Rows[Index].Input = Screen.ActiveControl then
      Result := Form.Fields[Index].Pointer
    else if Form.Rows[Index].MendButton = Screen.ActiveControl then
      Result := Form.Fields[Index].Pointer + '#';
end;

procedure TWatch.Idle(Sender: TObject; var Done: Boolean);
var
  Form: TSettingsForm;
  Index: Integer;
  Line, Rows, Row: UTF8String;
begin
  if not (Screen.ActiveForm is TSettingsForm) then
    Exit;
  Form := Screen.ActiveForm as TSettingsForm;
  Rows := '{}';
  for Index := 0 to High(Form.Rows) do
    if Form.Rows[Index].Input.IsVisible then
      with Form.Rows[Index] do
      begin
        Row := '{"title":' + PostkontorText(Caption(TitleLabel)) + ',"shows":' + PostkontorText(Shown(Input)) + ',"problem":' +
          PostkontorText(Caption(ProblemLabel)) + ',"button":' + PostkontorText(Caption(MendButton)) + '}';
        Rows := PostkontorMerge(Rows, '{' + PostkontorText(Form.Fields[Index].Pointer) + ':' + Row + '}');
      end;
  Line := '{"title":' + PostkontorText(Form.Caption) + ',"focus":' + PostkontorText(Focused(Form)) + ',"report":' +
    PostkontorText(Form.Report.Text) + ',"busy":' + LowerCase(BoolToStr(IsBusy(Form), True)) + ',"fields":' + Rows + '}';
  if Line <> Last then
    WriteLn(Line);
  Last := Line;
  Flush(Output);
end;

initialization
  Watcher := TWatch.Create;
  Application.AddOnIdleHandler(Watcher.Idle);
finalization
  Watcher.Free;
end.
