(* What the log tells a program in Pascal of a test, a mail, a refused mail and a wrong password.

    log SETTINGS.json FILE

  SETTINGS has one account, whose password the program gives: the one in PASSWORD, and at last another. The program leaves in FILE each
  line that it was given, behind its level; the test that runs it looks at them. *)

program log;

{$IFDEF FPC}{$MODE DELPHI}{$ENDIF}
{$APPTYPE CONSOLE}

uses
  SysUtils, Classes, Postkontor;

const
  WRONG = 'Falsch-8';

type
  TProgram = class
  public
    Lines: TFileStream;
    Password: UTF8String;
    procedure Log(Sender: TObject; Level: Integer; const Text: UTF8String);
    procedure Secret(Sender: TObject; const Name: UTF8String; var Value: UTF8String; var Found: Boolean);
    procedure Run(const Settings: UTF8String);
  end;

procedure Must(Condition: Boolean; const What: string);
begin
  if not Condition then
  begin
    WriteLn(ErrOutput, 'failed: ', What);
    Halt(1);
  end;
end;

{ The bytes as they came: WriteLn would turn them into those of the console. }
procedure TProgram.Log(Sender: TObject; Level: Integer; const Text: UTF8String);
var
  Line: UTF8String;
begin
  Line := UTF8String(IntToStr(Level)) + ' ' + Text + #10;
  Lines.WriteBuffer(Line[1], Length(Line));
end;

procedure TProgram.Secret(Sender: TObject; const Name: UTF8String; var Value: UTF8String; var Found: Boolean);
begin
  Found := Name = 'mail';
  Value := Password;
end;

function MailTo(const Address: UTF8String): UTF8String;
begin
  Result := '{"to":[' + PostkontorText(Address) + '],"text":"Guten Tag"}';
end;

procedure Fails(Status: Integer; Account: TPostkontorAccount; const Address: UTF8String);
begin
  try
    Account.Send(MailTo(Address));
    Must(False, 'no error');
  except
    on E: EPostkontor do
      Must(E.Status = Status, string(E.Json));
  end;
end;

procedure TProgram.Run(const Settings: UTF8String);
var
  Host: TPostkontorHost;
  Account: TPostkontorAccount;
begin
  Account := nil;
  Host := TPostkontorHost.Create('{"language":"en"}', Log);
  try
    Host.OnSecret := Secret;
    Account := TPostkontorAccount.Create(Host, Settings);
    Must(PostkontorMember(Account.Test, 'ok') = 'true', 'the test');
    Account.Send(MailTo('b@example.com'));
    Fails(POSTKONTOR_REFUSED, Account, 'refused@example.com');
    FreeAndNil(Account);
    Password := WRONG;
    Account := TPostkontorAccount.Create(Host, Settings);
    Fails(POSTKONTOR_AUTH, Account, 'b@example.com');
  finally
    Account.Free;
    Host.Free;
  end;
end;

function ReadFile(const Name: string): UTF8String;
var
  Stream: TFileStream;
begin
  Stream := TFileStream.Create(Name, fmOpenRead or fmShareDenyWrite);
  try
    SetLength(Result, Stream.Size);
    Stream.ReadBuffer(Result[1], Length(Result));
  finally
    Stream.Free;
  end;
end;

var
  Program_: TProgram;
begin
  Program_ := TProgram.Create;
  try
    Program_.Password := UTF8String(GetEnvironmentVariable('PASSWORD'));
    Program_.Lines := TFileStream.Create(ParamStr(2), fmCreate);
    Program_.Run(ReadFile(ParamStr(1)));
  finally
    Program_.Lines.Free;
    Program_.Free;
  end;
end.
