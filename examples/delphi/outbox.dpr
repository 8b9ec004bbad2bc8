(* Hands a mail over to the outbox, lets it be sent, and asks what became of it.

    outbox SETTINGS.json put RECIPIENT KEY
    outbox SETTINGS.json work
    outbox SETTINGS.json ask KEY

  The settings name the store, {"outbox":{"store":"sqlite:/path/outbox.db"}} (docs/outbox.md). KEY is the program's own name for the
  mail, for example the number of the invoice: put twice, it goes out once. A secret is the environment variable of the name that the
  settings give. *)

program outbox;

{$IFDEF FPC}{$MODE DELPHI}{$CODEPAGE UTF8}{$ENDIF}
{$APPTYPE CONSOLE}

uses
  {$IFDEF FPC}{$IFDEF UNIX}cwstring, {$ENDIF}{$ENDIF}SysUtils, Classes, Postkontor;

type
  TSecrets = class
    procedure Secret(Sender: TObject; const Name: UTF8String; var Value: UTF8String; var Found: Boolean);
  end;

procedure TSecrets.Secret(Sender: TObject; const Name: UTF8String; var Value: UTF8String; var Found: Boolean);
begin
  Value := UTF8String(GetEnvironmentVariable(string(Name)));
  Found := Value <> '';
end;

function ReadText(const Name: string): UTF8String;
var
  Stream: TFileStream;
begin
  Stream := TFileStream.Create(Name, fmOpenRead or fmShareDenyWrite);
  try
    SetLength(Result, Stream.Size);
    if Result <> '' then
      Stream.ReadBuffer(Result[1], Length(Result));
  finally
    Stream.Free;
  end;
end;

procedure Put(Outbox: TPostkontorOutbox; const Recipient, Key: UTF8String);
const
  TEXT: AnsiString = 'The amount is 1,234.56 EUR.'#13#10;
var
  Attachment: TMemoryStream;
  Entry: UTF8String;
begin
  Attachment := TMemoryStream.Create;
  try
    Attachment.WriteBuffer(TEXT[1], Length(TEXT));
    { When Put returns, the mail is durable: the program may forget it. }
    Entry := Outbox.Put('{"message":{"to":[' + PostkontorText(Recipient) + '],"subject":' + PostkontorText('Invoice ' + Key) +
      ',"text":"Please find our invoice attached.","attachments":[{"name":' + PostkontorText(Key + '.txt') + ',"part":0}]},"key":' +
      PostkontorText(Key) + '}', [Attachment]);
  finally
    Attachment.Free;
  end;
  Entry := PostkontorItem(PostkontorMember(Entry, 'entries'), 0);
  if PostkontorMember(Entry, 'found') = 'true' then
    Write('known already: ')
  else
    Write('put: ');
  WriteLn(PostkontorMember(Entry, 'id'), ' ', PostkontorMember(Entry, 'state'));
end;

procedure Work(Outbox: TPostkontorOutbox);
var
  Worked: UTF8String;
begin
  { Usually a thread or a service of its own, with "until":"stopped". }
  Worked := Outbox.Work;
  WriteLn('sent: ', PostkontorMember(Worked, 'sent'), ', failed: ', PostkontorMember(Worked, 'failed'), ', held: ',
    PostkontorMember(Worked, 'held'), ', later: ', PostkontorMember(Worked, 'later'));
end;

procedure Ask(Outbox: TPostkontorOutbox; const Key: UTF8String);
var
  Entry, Recipients, Recipient: UTF8String;
  Index: Integer;
begin
  Entry := PostkontorItem(PostkontorMember(Outbox.Query('{"key":' + PostkontorText(Key) + '}'), 'entries'), 0);
  WriteLn(PostkontorMember(Entry, 'state'));
  Recipients := PostkontorMember(Entry, 'recipients');
  for Index := 0 to PostkontorCount(Recipients) - 1 do
  begin
    Recipient := PostkontorItem(Recipients, Index);
    WriteLn('  ', PostkontorMember(Recipient, 'address'), ' ', PostkontorMember(Recipient, 'status'));
  end;
end;

procedure Run;
var
  Secrets: TSecrets;
  Host: TPostkontorHost;
  Outbox: TPostkontorOutbox;
begin
  Outbox := nil;
  Host := nil;
  Secrets := TSecrets.Create;
  try
    Host := TPostkontorHost.Create;
    Host.OnSecret := Secrets.Secret;
    Outbox := TPostkontorOutbox.Create(Host, ReadText(ParamStr(1)));
    if ParamStr(2) = 'put' then
      Put(Outbox, UTF8String(ParamStr(3)), UTF8String(ParamStr(4)))
    else if ParamStr(2) = 'work' then
      Work(Outbox)
    else
      Ask(Outbox, UTF8String(ParamStr(3)));
  finally
    Outbox.Free;
    Host.Free;
    Secrets.Free;
  end;
end;

begin
  if ParamCount < 2 then
  begin
    WriteLn(ErrOutput, 'usage: outbox SETTINGS.json put RECIPIENT KEY | work | ask KEY');
    Halt(1);
  end;
  try
    Run;
  except
    on Error: EPostkontor do
    begin
      WriteLn(ErrOutput, 'error ', Error.Status, ' ', Error.Code, ': ', Error.Message, ' ', Error.Detail);
      ExitCode := Error.Status;
    end;
  end;
end.
