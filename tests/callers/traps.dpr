{ What Delphi programs rely on: floating-point exceptions trap in their own code, callbacks included, and nowhere else; an
  exception of an event handler arrives where the call was made. }

program traps;

{$IFDEF FPC}{$MODE DELPHI}{$ENDIF}
{$APPTYPE CONSOLE}

uses
  SysUtils, Classes, Math, Postkontor;

type
  EMine = class(Exception);

  TEvents = class
  public
    Logged, Traps: Integer;
    Raising: Boolean;
    procedure Secret(Sender: TObject; const Name: UTF8String; var Value: UTF8String; var Found: Boolean);
    procedure Progress(Sender: TObject; Done, Total: Int64; var Stop: Boolean);
  end;

var
  Zero: Double = 0;

{ Whether division by zero traps in the code that calls this. }
function DivisionTraps: Boolean;
var
  Quotient: Double;
begin
  Result := False;
  try
    Quotient := 1 / Zero;
    if Quotient = 0 then
      WriteLn('impossible');
  except
    on EZeroDivide do
      Result := True;
  end;
end;

procedure TEvents.Secret(Sender: TObject; const Name: UTF8String; var Value: UTF8String; var Found: Boolean);
begin
  if DivisionTraps then
    Inc(Traps);
  if Raising then
    raise EMine.Create('from the event handler');
  Value := 'Geheim-7';
  Found := True;
end;

procedure TEvents.Progress(Sender: TObject; Done, Total: Int64; var Stop: Boolean);
begin
  if DivisionTraps then
    Inc(Traps);
end;

procedure Must(Condition: Boolean; const What: string);
begin
  if not Condition then
  begin
    WriteLn(ErrOutput, 'failed: ', What);
    Halt(1);
  end;
end;

function ReadFile(const Name: string): UTF8String;
var
  Stream: TFileStream;
begin
  Stream := TFileStream.Create(Name, fmOpenRead);
  try
    SetLength(Result, Stream.Size);
    Stream.ReadBuffer(Result[1], Length(Result));
  finally
    Stream.Free;
  end;
end;

var
  Host: TPostkontorHost;
  Account: TPostkontorAccount;
  Cancel: TPostkontorCancel;
  Events: TEvents;
  Settings, Report: UTF8String;
  { valgrind does not imitate traps: it is told apart by its first division. }
  Trapping: Boolean;
begin
  Trapping := DivisionTraps;
  if ParamStr(2) = 'native' then
    Must(Trapping, 'floating-point exceptions are unmasked in this program');
  Settings := ReadFile(ParamStr(1));
  Events := TEvents.Create;
  Host := TPostkontorHost.Create('{"language":"de"}');
  Host.OnSecret := Events.Secret;
  Host.OnProgress := Events.Progress;
  Must(postkontor_abi = POSTKONTOR_ABI_NUMBER, 'ABI');

  Account := TPostkontorAccount.Create(Host, Settings);
  Report := Account.Test;
  Must(PostkontorMember(Report, 'ok') = 'true', 'test: ' + string(Report));
  if Trapping then
    Must(Events.Traps > 0, 'callbacks have the traps of the program');
  Must(DivisionTraps = Trapping, 'traps are back after a call');
  Report := Account.Send('{"to":["berta@example.com"],"subject":"Gr\u00fc\u00dfe","text":"x"}');
  Must(PostkontorMember(Report, 'message_id') <> '', 'receipt');
  Must(DivisionTraps = Trapping, 'traps are back after sending');
  Account.Free;

  Events.Raising := True;
  Account := nil;
  try
    Account := TPostkontorAccount.Create(Host, Settings);
    Account.Test;
    Must(False, 'an exception of an event handler gets through');
  except
    on E: EMine do
      Must(E.Message = 'from the event handler', 'its text');
  end;
  Account.Free;
  Events.Raising := False;

  try
    Account := nil;
    Account := TPostkontorAccount.Create(Host, '{');
    Must(False, 'broken settings are refused');
  except
    on E: EPostkontor do
    begin
      Must(E.Status = POSTKONTOR_SETTINGS, 'status');
      Must(E.Code <> '', 'code');
      Must(E.Message <> '', 'message');
    end;
  end;

  Cancel := TPostkontorCancel.Create;
  Cancel.Fire;
  Account := TPostkontorAccount.Create(Host, Settings);
  try
    Account.Send('{"to":["berta@example.com"],"text":"x"}', Cancel);
    Must(False, 'a fired token stops');
  except
    on E: EPostkontor do
      Must(E.Status = POSTKONTOR_CANCELLED, 'cancelled');
  end;
  Cancel.Free;
  Account.Free;

  Report := PostkontorMember('{"a":{"b":"}"},"c":[1,"]"],"d":"x\u00fc\n\"y"}', 'd');
  Must((Length(Report) = 6) and (Ord(Report[2]) = $C3) and (Ord(Report[3]) = $BC) and (Report[4] = #10), 'member');
  Must(PostkontorMember('{"a":1}', 'z') = '', 'missing member');
  Must(PostkontorMember('{"a', 'z') = '', 'half a text');
  Host.Free;
  Events.Free;
  WriteLn('held');
end.
