(* A program in Pascal that opens a message of Outlook's, takes the e-invoice out of it, and makes a meeting request.

    enclosed LETTER.msg FOLDER

  The program leaves in FOLDER the XML of the invoice and the message of the request; the test that runs it looks at them. *)

program enclosed;

{$IFDEF FPC}{$MODE DELPHI}{$ENDIF}
{$APPTYPE CONSOLE}

uses
  SysUtils, Classes, Postkontor;

const
  MEETING = '{"from":"anna@example.com","to":"berta@example.com","text":"Guten Tag","calendar":"BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\n' +
    'BEGIN:VEVENT\nUID:1\nSUMMARY:Gespr\u00e4ch\nDTSTART:20261201T090000Z\nEND:VEVENT\nEND:VCALENDAR\n"}';

procedure Must(Condition: Boolean; const What: UTF8String);
begin
  if not Condition then
  begin
    WriteLn(ErrOutput, 'failed: ', string(What));
    Halt(1);
  end;
end;

procedure Write(const Name: string; const Bytes: UTF8String);
var
  Stream: TFileStream;
begin
  Stream := TFileStream.Create(Name, fmCreate);
  try
    Stream.WriteBuffer(Bytes[1], Length(Bytes));
  finally
    Stream.Free;
  end;
end;

procedure TakeInvoice(Host: TPostkontorHost; const Letter, Folder: UTF8String);
var
  Message: TPostkontorMessage;
  Invoice: UTF8String;
begin
  Message := TPostkontorMessage.Create(Host, Letter);
  try
    Must((Pos('Rechnung f', string(Message['subject'])) = 1) and (Length(Message['subject']) = 20), Message['subject']);
    Must(PostkontorMember(PostkontorItem(Message['from'], 0), 'address') = 'anna@example.com', Message['from']);
    Invoice := Message['invoice'];
    Must(PostkontorMember(Invoice, 'format') = 'factur-x', Invoice);
    Message.SavePartTo(StrToInt(string(PostkontorMember(Invoice, 'part'))), Folder + '/invoice.xml');
  finally
    Message.Free;
  end;
end;

procedure MakeMeeting(Host: TPostkontorHost; const Folder: UTF8String);
var
  Message: TPostkontorMessage;
  Calendar: UTF8String;
begin
  Write(string(Folder) + '/meeting.eml', Host.Build('', MEETING, []));
  Message := TPostkontorMessage.Create(Host, Folder + '/meeting.eml');
  try
    Calendar := Message['calendar'];
    Must(PostkontorMember(Calendar, 'method') = 'REQUEST', Calendar);
    Must(PostkontorMember(PostkontorMember(Calendar, 'start'), 'time') = '2026-12-01T09:00:00Z', Calendar);
  finally
    Message.Free;
  end;
end;

var
  Host: TPostkontorHost;
begin
  Host := TPostkontorHost.Create('{"language":"en"}');
  try
    TakeInvoice(Host, UTF8String(ParamStr(1)), UTF8String(ParamStr(2)));
    MakeMeeting(Host, UTF8String(ParamStr(2)));
  finally
    Host.Free;
  end;
end.
