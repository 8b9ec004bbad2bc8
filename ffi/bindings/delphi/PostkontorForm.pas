{ What a form for settings, or for what a call takes, is drawn from, for Delphi 7 to 12 and Free Pascal (mode Delphi): the fields that TPostkontorHost.Schema
  describes as a list in the order of the form, and how each of them stands by the answer of TPostkontorHost.Check.
  examples/delphi/SettingsForm.pas draws with them. }

unit PostkontorForm;

{$IFDEF FPC}
  {$MODE DELPHI}{$H+}
{$ENDIF}

interface

uses
  SysUtils, Postkontor;

type
  TPostkontorKind = (pkGroup, pkText, pkSecret, pkNumber, pkYesNo, pkChoice);

  { A field, or a group of the fields that come after it. }
  TPostkontorField = record
    { Where it stands in the settings that the form is for. }
    Pointer: UTF8String;
    Kind: TPostkontorKind;
    { The place of its group in the list, -1 for none. }
    Group: Integer;
    Title, Description: UTF8String;
    { A form may hide it at first. }
    IsAdvanced: Boolean;
    { Of a choice: each value as JSON, and what the user reads for it. }
    Values, Titles: TPostkontorTexts;
    { Its part of the schema, for everything else. }
    Schema: UTF8String;
  end;
  TPostkontorFields = array of TPostkontorField;

  { How a field stands. }
  TPostkontorState = record
    { Whether it counts under the other settings; others are not to be shown. }
    IsVisible: Boolean;
    { What is given, as text: '' for nothing, of a reference the name under which the secret is kept. }
    Text: UTF8String;
    IsReference: Boolean;
    { The place of what is given in the Values of a choice, -1 where it is none of them. }
    Choice: Integer;
    { What applies where nothing is given, '' where nothing does: a value or a sentence. }
    Default: UTF8String;
    { What is wrong, '' for nothing, and the merge patch of the document that mends it, '' where none is known. }
    Problem, Patch: UTF8String;
    { Whether it is more than a warning. }
    IsError: Boolean;
    { What was seen in the file that a field of a certificate names, as JSON: "subject", "not_before", "not_after", "fingerprint" and
      more; '' for nothing. }
    Certificate: UTF8String;
  end;

{ The groups and fields of Form, which TPostkontorHost.Schema gave, wherever in the schema they stand. A field that names an account
  has those of the document Settings as its choices. }
function PostkontorFields(const Form: UTF8String; const Settings: UTF8String = ''): TPostkontorFields;

{ How a field stands in the document Settings, where its form is for what stands at the pointer Place ('/accounts/office'), by the Answer
  of TPostkontorHost.Check to that document. }
function PostkontorState(const Field: TPostkontorField; const Settings, Place, Answer: UTF8String): TPostkontorState;

{ What was typed into a field as a JSON value: 'null' for nothing, and a text where it is not the number that it should be, for
  TPostkontorHost.Check to complain of. }
function PostkontorTyped(const Field: TPostkontorField; const Text: UTF8String; IsReference: Boolean = False): UTF8String;

{ The innermost field that a pointer of the document leads into, as one of Check or of an error does; -1 where there is none. }
function PostkontorFieldAt(const Fields: TPostkontorFields; const Place, Pointer: UTF8String): Integer;

implementation

function Has(const Schema, Pointer, Value: UTF8String): Boolean;
var
  Found: UTF8String;
begin
  Found := PostkontorAt(Schema, Pointer);
  Result := (Found = Value) or (Pos(PostkontorText(Value), Found) > 0);
end;

procedure AddChoice(var Field: TPostkontorField; const Value, Title: UTF8String);
begin
  SetLength(Field.Values, Length(Field.Values) + 1);
  SetLength(Field.Titles, Length(Field.Values));
  Field.Values[High(Field.Values)] := Value;
  Field.Titles[High(Field.Titles)] := Title;
end;

{ A field as its schema has it. }
function Described(const Schema, Settings: UTF8String): TPostkontorField;
var
  Choices: UTF8String;
  Accounts: TPostkontorTexts;
  Index: Integer;
begin
  Result.Schema := Schema;
  Result.Title := PostkontorMember(Schema, 'title');
  Result.Description := PostkontorMember(Schema, 'description');
  Result.IsAdvanced := Has(Schema, '/x-postkontor/advanced', 'true');
  Result.Values := nil;
  Result.Titles := nil;
  Result.Kind := pkText;
  Choices := PostkontorAt(Schema, '/oneOf');
  if PostkontorAt(Schema, '/properties') <> '' then
    Result.Kind := pkGroup
  else if Has(Schema, '/x-postkontor/secret', 'true') then
    Result.Kind := pkSecret
  else if (Choices <> '') or (Has(Schema, '/x-postkontor/account', 'true') and not Has(Schema, '/type', 'array')) then
    Result.Kind := pkChoice
  else if Has(Schema, '/type', 'boolean') then
    Result.Kind := pkYesNo
  else if Has(Schema, '/type', 'integer') or Has(Schema, '/type', 'number') then
    Result.Kind := pkNumber;
  if Result.Kind <> pkChoice then
    Exit;
  for Index := 0 to PostkontorCount(Choices) - 1 do
    AddChoice(Result, PostkontorAt(PostkontorItem(Choices, Index), '/const'), PostkontorMember(PostkontorItem(Choices, Index), 'title'));
  if Choices <> '' then
    Exit;
  AddChoice(Result, 'null', '');
  Accounts := PostkontorNames(PostkontorAt(Settings, '/accounts'));
  for Index := 0 to High(Accounts) do
    AddChoice(Result, PostkontorText(Accounts[Index]), Accounts[Index]);
end;

function PostkontorFields(const Form, Settings: UTF8String): TPostkontorFields;
var
  Found: TPostkontorFields;
  { The orders on the way to each field as one text, by which they are sorted. }
  Keys: TPostkontorTexts;

  procedure AddGroup(const Schema, Pointer, Key: UTF8String); forward;

  procedure AddField(const Schema, Pointer, Key: UTF8String);
  var
    Index: Integer;
    Own: UTF8String;
    Field: TPostkontorField;
  begin
    for Index := 0 to High(Found) do
      if Found[Index].Pointer = Pointer then
      begin
        { More fields of a group that is there already; a reference in the place of a secret is no group. }
        if Found[Index].Kind = pkGroup then
          AddGroup(Schema, Pointer, Keys[Index]);
        Exit;
      end;
    { A list of groups has no single field. }
    if (PostkontorMember(Schema, 'title') = '') or (PostkontorAt(Schema, '/items/properties') <> '') then
      Exit;
    Field := Described(Schema, Settings);
    Field.Pointer := Pointer;
    { Of equal orders the first comes first. }
    Own := PostkontorAt(Schema, '/x-postkontor/order');
    Own := Key + UTF8String(Format('/%.6d.%.6d', [StrToIntDef(string(Own), 999999), Length(Found)]));
    Index := Length(Found);
    SetLength(Found, Index + 1);
    SetLength(Keys, Index + 1);
    while (Index > 0) and (Keys[Index - 1] > Own) do
    begin
      Found[Index] := Found[Index - 1];
      Keys[Index] := Keys[Index - 1];
      Dec(Index);
    end;
    Found[Index] := Field;
    Keys[Index] := Own;
    if Field.Kind = pkGroup then
      AddGroup(Schema, Pointer, Own);
  end;

  procedure AddMembers(const Members, Pointer, Key: UTF8String);
  var
    Names: TPostkontorTexts;
    Index: Integer;
  begin
    Names := PostkontorNames(Members);
    for Index := 0 to High(Names) do
      AddField(PostkontorAt(Members, '/' + PostkontorToken(Names[Index])), Pointer + '/' + PostkontorToken(Names[Index]), Key);
  end;

  { The members of a group stand in "properties"; those that show under a condition, in its "then". }
  procedure AddGroup(const Schema, Pointer, Key: UTF8String);
  var
    Branches: UTF8String;
    Index: Integer;
  begin
    AddMembers(PostkontorAt(Schema, '/properties'), Pointer, Key);
    AddMembers(PostkontorAt(Schema, '/then/properties'), Pointer, Key);
    Branches := PostkontorAt(Schema, '/allOf');
    for Index := 0 to PostkontorCount(Branches) - 1 do
      AddMembers(PostkontorAt(PostkontorItem(Branches, Index), '/then/properties'), Pointer, Key);
  end;

var
  Index: Integer;
begin
  Found := nil;
  Keys := nil;
  AddGroup(PostkontorAt(Form, '/schema'), '', '');
  for Index := 0 to High(Found) do
  begin
    Found[Index].Group := Index - 1;
    while (Found[Index].Group >= 0) and (Pos(Found[Found[Index].Group].Pointer + '/', Found[Index].Pointer) <> 1) do
      Dec(Found[Index].Group);
  end;
  Result := Found;
end;

function PostkontorState(const Field: TPostkontorField; const Settings, Place, Answer: UTF8String): TPostkontorState;
var
  Value, Problems, Problem, Pointer: UTF8String;
  Index: Integer;
begin
  Pointer := Place + Field.Pointer;
  Value := PostkontorText(Pointer);
  Result.IsVisible := Pos(Value, PostkontorAt(Answer, '/visible')) > 0;
  { A group shows with its fields. }
  Value[Length(Value)] := '/';
  if Field.Kind = pkGroup then
    Result.IsVisible := Pos(Value, PostkontorAt(Answer, '/visible')) > 0;

  Value := PostkontorAt(Settings, Pointer);
  Result.IsReference := PostkontorAt(Value, '/secret') <> '';
  Result.Choice := -1;
  for Index := High(Field.Values) downto 0 do
    if (PostkontorPlain(Value) = PostkontorPlain(Field.Values[Index])) or ((Value = '') and (Field.Values[Index] = 'null')) then
      Result.Choice := Index;
  if Result.IsReference then
    Value := PostkontorAt(Value, '/secret')
  else if (Value = 'null') or (Field.Kind = pkGroup) then
    Value := '';
  Result.Text := PostkontorPlain(Value);

  Result.Default := '';
  if (Field.Kind <> pkGroup) and (Value = '') then
    Result.Default := PostkontorPlain(PostkontorAt(Answer, '/settings' + Pointer)) + PostkontorMember(PostkontorAt(Answer, '/empty'), Pointer);

  Result.Certificate := PostkontorMember(PostkontorAt(Answer, '/certificates'), Pointer);
  Result.Problem := '';
  Result.Patch := '';
  Result.IsError := False;
  Problems := PostkontorAt(Answer, '/problems');
  for Index := PostkontorCount(Problems) - 1 downto 0 do
  begin
    Problem := PostkontorItem(Problems, Index);
    Value := PostkontorMember(Problem, 'pointer');
    if (Value = Pointer) or ((Field.Kind <> pkGroup) and (Pos(Pointer + '/', Value) = 1)) then
    begin
      Result.Problem := PostkontorMember(Problem, 'message');
      Result.Patch := PostkontorMember(Problem, 'patch');
      Result.IsError := PostkontorMember(Problem, 'severity') = 'error';
    end;
  end;
end;

{ Whether a text is a number as JSON has them: no blanks, no leading zeros, digits on both sides of the point. }
function IsNumber(const Text: UTF8String): Boolean;
var
  Number: Double;
  Error, At: Integer;
begin
  Val(string(Text), Number, Error);
  At := 1 + Ord(Copy(Text, 1, 1) = '-');
  Result := (Error = 0) and (At <= Length(Text)) and (Text[At] in ['0'..'9']) and (Text[Length(Text)] in ['0'..'9'])
    and ((Text[At] <> '0') or (At = Length(Text)) or not (Text[At + 1] in ['0'..'9'])) and (Pos('.e', LowerCase(string(Text))) = 0);
end;

function PostkontorTyped(const Field: TPostkontorField; const Text: UTF8String; IsReference: Boolean): UTF8String;
begin
  Result := PostkontorText(Text);
  if Text = '' then
    Result := 'null'
  else if (Field.Kind = pkNumber) and IsNumber(Text) then
    Result := Text
  else if IsReference then
    Result := '{"secret":' + Result + '}';
end;

function PostkontorFieldAt(const Fields: TPostkontorFields; const Place, Pointer: UTF8String): Integer;
begin
  for Result := High(Fields) downto 0 do
    if Pos(Place + Fields[Result].Pointer + '/', Pointer + '/') = 1 then
      Exit;
  Result := -1;
end;

end.
