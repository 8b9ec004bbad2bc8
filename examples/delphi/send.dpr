(* Sends a mail with the least code there is.

    send CONFIG SETTINGS MESSAGE

  All three are JSON texts. The part between the marks stands in README.md. *)

program send;

{$IFDEF FPC}{$MODE DELPHI}{$ENDIF}
{$APPTYPE CONSOLE}

uses
  SysUtils, Postkontor;

procedure SendMail(const Config, Settings, Mail: UTF8String);
var
  Host: TPostkontorHost;
  Account: TPostkontorAccount;
begin
  (* README *)
  Account := nil;
  Host := TPostkontorHost.Create(Config);
  try
    Account := TPostkontorAccount.Create(Host, Settings);
    WriteLn(Account.Send(Mail));    // the receipt; EPostkontor tells what went wrong, in the user's language
  finally
    Account.Free;
    Host.Free;
  end;
  (* README *)
end;

begin
  try
    SendMail(UTF8String(ParamStr(1)), UTF8String(ParamStr(2)), UTF8String(ParamStr(3)));
  except
    on E: EPostkontor do
    begin
      WriteLn(E.Status, ' ', E.Message);
      Halt(E.Status);
    end;
  end;
end.
