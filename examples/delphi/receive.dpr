(* Fetches what is new in an account: each message with its attachments goes into a folder, and is marked as seen at the server.

    receive SETTINGS FOLDER

  SETTINGS is JSON text. Where it names several accounts, give TPostkontorAccount.Create the name of one. *)

program receive;

{$IFDEF FPC}{$MODE DELPHI}{$CODEPAGE UTF8}{$ENDIF}
{$APPTYPE CONSOLE}

uses
  {$IFDEF FPC}{$IFDEF UNIX}cwstring, {$ENDIF}{$ENDIF}SysUtils, Classes, Postkontor;

type
  TInbox = class
    procedure Received(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
  end;

{ All of the message lies in the folder when this is called. The server gets Action only after that; a program that
  is killed here gets the message again, under the same Message['id']. }
procedure TInbox.Received(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
var
  Index: Integer;
begin
  WriteLn(Message['file'], ': ', Message['subject']);
  for Index := 0 to Message.PartCount - 1 do
    WriteLn('  ', PostkontorMember(Message.Part[Index], 'file'));
  Action := paSeen;
end;

procedure ReceiveMail(const Settings, Folder: UTF8String);
var
  Host: TPostkontorHost;
  Account: TPostkontorAccount;
  Inbox: TInbox;
  State: TStringList;
  StateFile: string;
begin
  Account := nil;
  Inbox := TInbox.Create;
  State := TStringList.Create;
  Host := TPostkontorHost.Create;
  try
    { A program keeps it in its database. }
    StateFile := string(Folder) + '.state';
    if FileExists(StateFile) then
      State.LoadFromFile(StateFile);
    Account := TPostkontorAccount.Create(Host, Settings);
    try
      Account.Receive('{"save_to":' + PostkontorText(Folder) + ',"state":' + PostkontorText(UTF8String(Trim(State.Text))) + '}', Inbox.Received);
    finally
      { Also after an error: what was taken before it stays taken. }
      State.Text := string(Account.State);
      State.SaveToFile(StateFile);
    end;
  finally
    Account.Free;
    Host.Free;
    State.Free;
    Inbox.Free;
  end;
end;

begin
  try
    ReceiveMail(UTF8String(ParamStr(1)), UTF8String(ParamStr(2)));
  except
    on E: EPostkontor do
    begin
      WriteLn(E.Status, ' ', E.Message);
      Halt(E.Status);
    end;
  end;
end.
