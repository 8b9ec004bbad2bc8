(* Sends an invoice as PDF: lists the transports, tests the settings, sends, and shows what a wrong password looks like.

    invoice SETTINGS.json INVOICE.pdf

  The password is taken from the environment variable INVOICE_PASSWORD, as a program would take it from its own store: the
  settings only name it, {"password":{"secret":"mail"}}. *)

program invoice;

{$IFDEF FPC}{$MODE DELPHI}{$ENDIF}
{$APPTYPE CONSOLE}

uses
  SysUtils, Classes, Postkontor;

const
  MESSAGE_ =
    '{"to":["accounting@customer.example"],"subject":"Invoice 4711","text":"Please find our invoice attached.",' +
    '"attachments":[{"name":"Invoice 4711.pdf","part":0,"type":"application/pdf"}]}';

type
  TInvoice = class
  public
    Password: UTF8String;
    procedure Secret(Sender: TObject; const Name: UTF8String; var Value: UTF8String; var Found: Boolean);
    procedure Log(Sender: TObject; Level: Integer; const Text: UTF8String);
  end;

procedure TInvoice.Secret(Sender: TObject; const Name: UTF8String; var Value: UTF8String; var Found: Boolean);
begin
  Found := Name = 'mail';
  Value := Password;
end;

procedure TInvoice.Log(Sender: TObject; Level: Integer; const Text: UTF8String);
begin
  if Level <= POSTKONTOR_LOG_WARNING then
    WriteLn(ErrOutput, 'log: ', Text);
end;

function ReadFile(const Name: string): UTF8String;
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

procedure Run(const Settings: UTF8String; const PdfName: string);
var
  Invoice: TInvoice;
  Host: TPostkontorHost;
  Account: TPostkontorAccount;
  Pdf: TMemoryStream;
  Answer: UTF8String;
begin
  Invoice := TInvoice.Create;
  Invoice.Password := UTF8String(GetEnvironmentVariable('INVOICE_PASSWORD'));
  Host := nil;
  Account := nil;
  Pdf := TMemoryStream.Create;
  try
    Pdf.LoadFromFile(PdfName);
    Host := TPostkontorHost.Create('{"language":"en"}', Invoice.Log);
    Host.OnSecret := Invoice.Secret;
    WriteLn('transports: ', Host.Transports);

    Account := TPostkontorAccount.Create(Host, Settings);
    Answer := Account.Test;
    WriteLn('test: ', PostkontorMember(Answer, 'ok'), ' ', PostkontorMember(Answer, 'steps'));
    Answer := Account.Send(MESSAGE_, [Pdf]);
    WriteLn('sent: ', PostkontorMember(Answer, 'message_id'));
    FreeAndNil(Account);

    Invoice.Password := 'wrong';
    Account := TPostkontorAccount.Create(Host, Settings);
    try
      Account.Send(MESSAGE_, [Pdf]);
    except
      on E: EPostkontor do
        WriteLn('error ', E.Status, ' ', E.Code, ': ', E.Message);
    end;
  finally
    Account.Free;
    Host.Free;
    Pdf.Free;
    Invoice.Free;
  end;
end;

begin
  if ParamCount <> 2 then
  begin
    WriteLn(ErrOutput, 'usage: invoice SETTINGS.json INVOICE.pdf');
    Halt(2);
  end;
  try
    Run(ReadFile(ParamStr(1)), ParamStr(2));
  except
    on E: EPostkontor do
    begin
      WriteLn(ErrOutput, 'error ', E.Status, ' ', E.Code, ': ', E.Message, ' ', E.Detail);
      Halt(1);
    end;
    on E: Exception do
    begin
      WriteLn(ErrOutput, E.Message);
      Halt(1);
    end;
  end;
end.
