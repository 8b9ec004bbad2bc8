(* Sends a mail that is signed and encrypted, and says of what was received who signed it and whether it was encrypted.

    smime SETTINGS.json send RECIPIENT
    smime SETTINGS.json receive
    smime SETTINGS.json open MAIL.eml

  The settings name the certificates (docs/smime.md). A password is the environment variable of the name that the settings give,
  {"password":{"secret":"KEY_PASSWORD"}}, as a program would take it from its own store. *)

program smime;

{$IFDEF FPC}{$MODE DELPHI}{$CODEPAGE UTF8}{$ENDIF}
{$APPTYPE CONSOLE}

uses
  {$IFDEF FPC}{$IFDEF UNIX}cwstring, {$ENDIF}{$ENDIF}SysUtils, Classes, Postkontor;

type
  TMail = class
    procedure Secret(Sender: TObject; const Name: UTF8String; var Value: UTF8String; var Found: Boolean);
    procedure Received(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
  end;

procedure TMail.Secret(Sender: TObject; const Name: UTF8String; var Value: UTF8String; var Found: Boolean);
begin
  Value := UTF8String(GetEnvironmentVariable(string(Name)));
  Found := Value <> '';
end;

procedure Say(const What: string; const Verdict: UTF8String);
var
  Status: UTF8String;
begin
  Status := PostkontorMember(Verdict, 'status');
  if Status = '' then
    WriteLn('  ', What, ': no')
  else
    WriteLn('  ', What, ': ', Status, ', ', PostkontorMember(Verdict, 'by'), ' ', PostkontorMember(Verdict, 'message'));
end;

procedure TMail.Received(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
var
  Signed: UTF8String;
begin
  Signed := PostkontorMember(Message['smime'], 'signed');
  WriteLn(Message['subject']);
  Say('signed', Signed);
  Say('encrypted', PostkontorMember(Message['smime'], 'encrypted'));
  { Only then is the text from the person who seems to have sent it. }
  if PostkontorMember(Signed, 'status') = 'good' then
    WriteLn('  text: ', Trim(string(Message['text'])));
  Action := paSeen;
end;

procedure Send(Account: TPostkontorAccount; const Recipient: UTF8String);
begin
  { Without a certificate for the recipient nothing goes out. }
  WriteLn('sent: ', PostkontorMember(Account.Send('{"to":[' + PostkontorText(Recipient) + '],"subject":"Invoice 4711",' +
    '"text":"The amount is 1,234.56 EUR.","smime":{"sign":true,"encrypt":"always"}}'), 'message_id'));
end;

{ A message that was kept, with the same keys. }
procedure Open(Host: TPostkontorHost; Mail: TMail; const Settings, FileName: UTF8String);
var
  Message: TPostkontorMessage;
  Action: TPostkontorAction;
begin
  Message := TPostkontorMessage.Create(Host, FileName, PostkontorAt(Settings, '/receive/smime'));
  try
    Mail.Received(nil, Message, Action);
  finally
    Message.Free;
  end;
end;

procedure Run(const SettingsFile, Task: string);
var
  Mail: TMail;
  Host: TPostkontorHost;
  Account: TPostkontorAccount;
  Settings: TStringList;
begin
  Account := nil;
  Mail := TMail.Create;
  Settings := TStringList.Create;
  Host := TPostkontorHost.Create('{"language":"en"}');
  try
    Host.OnSecret := Mail.Secret;
    Settings.LoadFromFile(SettingsFile);
    Account := TPostkontorAccount.Create(Host, UTF8String(Settings.Text));
    if Task = 'send' then
      Send(Account, UTF8String(ParamStr(3)))
    else if Task = 'open' then
      Open(Host, Mail, UTF8String(Settings.Text), UTF8String(ParamStr(3)))
    else
      Account.Receive('{}', Mail.Received);
  finally
    Account.Free;
    Host.Free;
    Settings.Free;
    Mail.Free;
  end;
end;

begin
  try
    Run(ParamStr(1), ParamStr(2));
  except
    on E: EPostkontor do
    begin
      WriteLn(ErrOutput, 'error ', E.Status, ' ', E.Code, ': ', E.Message);
      Halt(E.Status);
    end;
  end;
end.
