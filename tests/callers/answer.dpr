(* A mail opened, answered and passed on from Pascal, and a bounce understood.

    answer FOLDER

  FOLDER has mail.eml and bounce.eml; the program leaves reply.eml and forward.eml there, and the test that runs it looks at them. *)

program answer;

{$IFDEF FPC}{$MODE DELPHI}{$CODEPAGE UTF8}{$ENDIF}
{$APPTYPE CONSOLE}

uses
  {$IFDEF FPC}{$IFDEF UNIX}cwstring, {$ENDIF}{$ENDIF}SysUtils, Classes, Postkontor;

const
  SENDER = '{"address":"orders@shop.example"}';

procedure Must(Condition: Boolean; const What: string);
begin
  if not Condition then
  begin
    WriteLn(ErrOutput, 'failed: ', What);
    Halt(1);
  end;
end;

procedure WriteFile(const Name: string; const Bytes: UTF8String);
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

procedure Run(const Folder: string);
var
  Host: TPostkontorHost;
  Mail: TPostkontorMessage;
  Raw: TMemoryStream;
  Report: UTF8String;
begin
  Mail := nil;
  Raw := TMemoryStream.Create;
  Host := TPostkontorHost.Create('{"language":"de"}');
  try
    Mail := TPostkontorMessage.Create(Host, UTF8String(Folder + '/mail.eml'));
    Must(Mail['subject'] = 'AW: Prüfung', 'the subject');
    Mail.WriteTo(Raw);
    WriteFile(Folder + '/reply.eml', Host.Build(SENDER, '{"reply":{"part":0,"all":true,"quote":"text"},"text":"Danke"}', [Raw]));
    WriteFile(Folder + '/forward.eml', Host.Build(SENDER, '{"forward":{"file":"' + UTF8String(Folder) +
      '/mail.eml","as":"attachment"},"to":"dora@shop.example","text":"Bitte"}', []));
    FreeAndNil(Mail);
    Mail := TPostkontorMessage.Create(Host, UTF8String(Folder + '/bounce.eml'));
    Report := Mail['report'];
    Must((PostkontorMember(Report, 'kind') = 'failure') and (Pos('"kind":"hard"', string(Report)) > 0), string(Report));
  finally
    Mail.Free;
    Raw.Free;
    Host.Free;
  end;
end;

begin
  Run(ParamStr(1));
end.
