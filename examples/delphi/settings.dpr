(* Shows the settings of an account in a dialog, and saves them.

    settings FILE ACCOUNT TRANSPORT LANGUAGE

  FILE is the settings document. Neither it nor the account needs to be there yet; only then TRANSPORT counts. A secret is taken from
  the environment variable of its name, as a program would take it from its own store: {"password":{"secret":"MAIL_PASSWORD"}}. *)

program settings;

{$IFDEF FPC}{$MODE DELPHI}{$ENDIF}

uses
  {$IFDEF FPC}{$IFDEF UNIX}cwstring, {$ENDIF}Interfaces, {$ENDIF}SysUtils, Classes, Controls, Forms, Postkontor, SettingsForm;

type
  TEditing = class
    Form: TSettingsForm;
    procedure Secret(Sender: TObject; const Name: UTF8String; var Value: UTF8String; var Found: Boolean);
    procedure Progress(Sender: TObject; Done, Total: Int64; var Stop: Boolean);
    procedure Edit(const FileName: string; const Id, Transport, Language: UTF8String);
  end;

{ The file is UTF-8, whatever the system's code page. }
function ReadFile(const Name: string): UTF8String;
begin
  Result := '';
  if not FileExists(Name) then
    Exit;
  with TFileStream.Create(Name, fmOpenRead or fmShareDenyWrite) do
    try
      SetLength(Result, Size);
      ReadBuffer(Pointer(Result)^, Length(Result));
    finally
      Free;
    end;
end;

procedure WriteFile(const Name: string; const Text: UTF8String);
begin
  with TFileStream.Create(Name, fmCreate) do
    try
      WriteBuffer(Pointer(Text)^, Length(Text));
    finally
      Free;
    end;
end;

procedure TEditing.Secret(Sender: TObject; const Name: UTF8String; var Value: UTF8String; var Found: Boolean);
begin
  Value := UTF8String(GetEnvironmentVariable(string(Name)));
  Found := Value <> '';
end;

{ While a test waits, the window answers; closing it ends the test. }
procedure TEditing.Progress(Sender: TObject; Done, Total: Int64; var Stop: Boolean);
begin
  Application.ProcessMessages;
  Stop := Form.ModalResult <> mrNone;
end;

procedure TEditing.Edit(const FileName: string; const Id, Transport, Language: UTF8String);
var
  Host: TPostkontorHost;
  Settings, Place: UTF8String;
begin
  Host := TPostkontorHost.Create('{"language":' + PostkontorText(Language) + '}');
  try
    Host.OnSecret := Secret;
    Settings := ReadFile(FileName);
    Place := '/accounts/' + PostkontorToken(Id);
    if PostkontorAt(Settings, Place) = '' then
      Settings := PostkontorPut(Settings, Place + '/transport', PostkontorText(Transport));
    Form := TSettingsForm.Create(Host, Settings, Id, Language);
    Host.OnProgress := Progress;
    if Form.ShowModal = mrOk then
      WriteFile(FileName, Form.Document);
  finally
    Form.Free;
    Host.Free;
  end;
end;

begin
  Application.Initialize;
  with TEditing.Create do
    try
      Edit(ParamStr(1), UTF8String(ParamStr(2)), UTF8String(ParamStr(3)), UTF8String(ParamStr(4)));
    finally
      Free;
    end;
end.
