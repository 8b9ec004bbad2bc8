(* A mailbox used from Pascal, from listing to filing.

    mailbox SETTINGS.json FOLDER imap|pop3|exchange-ews

  SETTINGS has the accounts "inbox", with messages whose subjects say what becomes of them, and "full", which has no room for what is sent.
  The program leaves in FOLDER what it was given; the test that runs it compares that with what the server has, before and after. *)

program mailbox;

{$IFDEF FPC}{$MODE DELPHI}{$CODEPAGE UTF8}{$ENDIF}
{$APPTYPE CONSOLE}

uses
  {$IFDEF FPC}{$IFDEF UNIX}cwstring, {$ENDIF}{$ENDIF}SysUtils, Classes, Postkontor;

const
  FILED = '"action":"move","folder":"Ablage/Größe"';

type
  EMine = class(Exception);

  { A stream that is full at once. }
  TFullStream = class(TStream)
  public
    function Write(const Buffer; Count: Longint): Longint; override;
  end;

  TDesk = class
  public
    Host: TPostkontorHost;
    Account: TPostkontorAccount;
    Folder: UTF8String;
    { of this fetch, one after the other }
    Subjects: UTF8String;
    { of: keep, seen, delete, stop, after }
    Ids: array [0..4] of UTF8String;
    { whether OnProgress stops the call }
    Stopping: Boolean;
    function Take(Message: TPostkontorMessage): UTF8String;
    procedure First(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
    procedure Failing(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
    procedure Reentering(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
    procedure Slow(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
    procedure Sketch(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
    procedure Part(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
    procedure Beginning(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
    procedure Progress(Sender: TObject; Done, Total: Int64; var Stop: Boolean);
    function Fetch(Received: TPostkontorReceivedEvent; const State: UTF8String): UTF8String;
    function Apply(const Id, What: UTF8String): UTF8String;
    procedure Receive;
    procedure LookCloser;
    procedure FileInFolders(const Settings: UTF8String; ByImap: Boolean);
    procedure ChangeFolders(const Prefix: string);
    procedure FileByPop3;
    procedure Run(const Settings: UTF8String; const Transport: string);
  end;

const
  WORDS: array [0..4] of UTF8String = ('keep', 'seen', 'delete', 'stop', 'after');

function TFullStream.Write(const Buffer; Count: Longint): Longint;
begin
  Result := 0;
end;

procedure Must(Condition: Boolean; const What: string);
begin
  if not Condition then
  begin
    WriteLn(ErrOutput, 'failed: ', What);
    Halt(1);
  end;
end;

{ Whether the exception that is being handled is that of a call which failed so. }
procedure MustBe(E: EPostkontor; Status: Integer; const Code: string);
begin
  Must((E.Status = Status) and (E.Code = Code), E.Code + ' instead of ' + Code);
end;

procedure WriteFile(const Name, Bytes: UTF8String);
var
  Stream: TFileStream;
begin
  Stream := TFileStream.Create(string(Name), fmCreate);
  try
    Stream.WriteBuffer(Bytes[1], Length(Bytes));
  finally
    Stream.Free;
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

{ What every fetch does with a message: keeps its summary, its id and its bytes. }
function TDesk.Take(Message: TPostkontorMessage): UTF8String;
var
  Index: Integer;
  Stream: TFileStream;
begin
  Result := '';
  for Index := 0 to High(WORDS) do
    if Message['subject'] = 'Prüfung: ' + WORDS[Index] then
    begin
      Result := WORDS[Index];
      Ids[Index] := Message['id'];
    end;
  Must(Result <> '', 'the subject ' + string(Message['subject']));
  Subjects := Subjects + Result + ' ';
  WriteFile(Folder + '/' + Result + '.json', Message.Summary);
  Stream := TFileStream.Create(string(Folder + '/' + Result + '.eml'), fmCreate);
  try
    Message.WriteTo(Stream);
  finally
    Stream.Free;
  end;
end;

{ The first fetch: reads parts, and answers what the subject says. }
procedure TDesk.First(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
var
  Word: UTF8String;
  Stream: TFileStream;
  Full: TFullStream;
begin
  Must((Sender = Account) and (Action = paKeep), 'the event begins');
  Word := Take(Message);
  if Word = 'seen' then
    Action := paSeen
  else if Word = 'delete' then
    Action := paDelete
  else if Word = 'stop' then
    Action := paStop;
  if Word <> 'keep' then
    Exit;
  Must(Message.PartCount = 1, 'parts');
  Must(PostkontorMember(Message.Part[0], 'name') = 'Größe.bin', 'the name of the part');
  Message.SaveTo(Folder + '/keep.raw');
  Message.SavePartTo(0, Folder + '/keep.saved');
  Stream := TFileStream.Create(string(Folder + '/keep.part'), fmCreate);
  try
    Message.WritePartTo(0, Stream);
  finally
    Stream.Free;
  end;
  Full := TFullStream.Create;
  try
    try
      Message.WritePartTo(0, Full);
      Must(False, 'a full stream');
    except
      on EWriteError do;
    end;
  finally
    Full.Free;
  end;
  try
    Message.SavePartTo(9, Folder + '/nothing');
    Must(False, 'a part that is missing');
  except
    on E: EPostkontor do
      MustBe(E, POSTKONTOR_NOT_FOUND, 'message.part_missing');
  end;
end;

procedure TDesk.Failing(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
begin
  Action := paDelete;
  Take(Message);
  raise EMine.Create('from the event');
end;

{ The account is in use, and stays so until the fetch is over; other handles are not. }
procedure TDesk.Reentering(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
var
  Word: UTF8String;
  Copy_: TPostkontorMessage;
  Bytes: TMemoryStream;
begin
  Word := Take(Message);
  if Word = 'after' then
    Action := paDelete
  else if Word = 'stop' then
    Action := paSeen;
  try
    Account.Receive('{}', Failing);
    Must(False, 'a fetch within a fetch');
  except
    on E: EPostkontor do
      MustBe(E, POSTKONTOR_BUSY, 'handle.busy');
  end;
  Must(postkontor_account_close(Account.Handle, nil) = POSTKONTOR_BUSY, 'closing within a fetch');
  Bytes := TMemoryStream.Create;
  Copy_ := nil;
  try
    Message.WriteTo(Bytes);
    Copy_ := TPostkontorMessage.Create(Host, Bytes);
    Must(Copy_['subject'] = Message['subject'], 'a copy');
  finally
    Copy_.Free;
    Bytes.Free;
  end;
end;

{ Has the next question of the library answered with "stop": it asks every 100 ms. }
procedure TDesk.Slow(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
begin
  Take(Message);
  Stopping := True;
  Sleep(150);
end;

procedure TDesk.Sketch(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
begin
  Must(Message.PartCount = 1, 'the parts of a structure');
  Must(PostkontorMember(Message.Part[0], 'section') = '2', 'the number of the part');
  Must(PostkontorMember(Message.Part[0], 'name') = 'Größe.bin', 'the name of the part');
  Must(PostkontorMember(PostkontorItem(Message['texts'], 0), 'section') = '1', 'the text');
  Subjects := Subjects + Message['subject'];
  Action := paDelete;
end;

procedure TDesk.Part(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
begin
  Message.SaveTo(Folder + '/part.raw');
  Message.SavePartTo(0, Folder + '/part.bytes');
  Subjects := Subjects + Message['section'];
  Action := paDelete;
end;

procedure TDesk.Beginning(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction);
begin
  Message.SaveTo(Folder + '/begin.raw');
  Must(Message['complete'] = 'false', 'the beginning is not all');
  Subjects := Subjects + Message['text'];
  Action := paSeen;
end;

procedure TDesk.Progress(Sender: TObject; Done, Total: Int64; var Stop: Boolean);
begin
  Stop := Stopping;
end;

function TDesk.Fetch(Received: TPostkontorReceivedEvent; const State: UTF8String): UTF8String;
begin
  Subjects := '';
  Result := Account.Receive('{"state":' + PostkontorText(State) + '}', Received);
end;

function TDesk.Apply(const Id, What: UTF8String): UTF8String;
begin
  Result := Account.Apply('{"messages":[' + PostkontorText(Id) + '],' + What + '}');
end;

procedure TDesk.Receive;
var
  Answer: UTF8String;
begin
  Answer := Fetch(First, '');
  Must(Subjects = 'keep seen delete stop ', 'the first fetch');
  Must((PostkontorMember(Answer, 'more') = 'true') and (PostkontorMember(Answer, 'state') = Account.State), 'its answer');
  try
    Fetch(Failing, Account.State);
    Must(False, 'an exception in the event');
  except
    on E: EMine do
      Must(E.Message = 'from the event', 'my exception');
  end;
  Must(Subjects = 'stop ', 'nothing after an exception');
  Fetch(Reentering, Account.State);
  Must(Subjects = 'stop after ', 'what was not taken comes again');
  Fetch(Failing, Account.State);
  Must(Subjects = '', 'nothing new');

  try
    Fetch(Slow, '');
    Must(False, 'progress stops');
  except
    on E: EPostkontor do
      Must(E.Status = POSTKONTOR_CANCELLED, 'cancelled');
  end;
  Stopping := False;
  Must(Subjects = 'keep ', 'nothing after it was stopped');
  Fetch(Reentering, Account.State);
  Must(Subjects = 'seen stop ', 'the rest');
end;

{ What stands in a message, one part of it, and the beginning of its text. Nothing of it counts as fetched. }
procedure TDesk.LookCloser;
const
  CHOSEN = '{"or":[{"subject":"keep"},{"body":"steht nirgends"},{"subject":"stop"}],"not":{"header":{"name":"Message-ID","contains":"stop@"}}}';
var
  State, One: UTF8String;
begin
  State := Account.State;
  Subjects := '';
  One := '{"message":' + PostkontorText(Ids[0]) + ',';
  Account.Receive('{"filter":' + CHOSEN + ',"summary":"structure"}', Sketch);
  Account.Receive(One + '"section":"2"}', Part);
  Account.Receive(One + '"section":"1","first_bytes":3}', Beginning);
  Must((Subjects = 'Prüfung: keep2Gr') and (Account.State = State), string(Subjects));
  try
    Account.Receive(One + '"section":"7"}', Failing);
    Must(False, 'a part that is missing at the server');
  except
    on E: EPostkontor do
      MustBe(E, POSTKONTOR_NOT_FOUND, 'imap.part_missing');
  end;
end;

procedure TDesk.FileInFolders(const Settings: UTF8String; ByImap: Boolean);
var
  Full: TPostkontorAccount;
  Large: UTF8String;
  Words: string;
begin
  Apply(Ids[0], '"action":"seen"');
  Must(PostkontorItem(PostkontorMember(Apply(Ids[0], FILED), 'applied'), 0) = Ids[0], 'moved');
  Apply(Ids[1], '"action":"unseen"');
  Must(PostkontorCount(PostkontorMember(Apply(Ids[0], '"action":"delete"'), 'missing')) = 1, 'gone');
  Must(PostkontorMember(Account.Send('{"to":["b@example.com"],"subject":"Über Pascal","text":"Guten Tag"}'), 'saved_to') <> '', 'sent');
  Full := TPostkontorAccount.Create(Host, Settings, 'full');
  try
    try
      Large := '{"to":["b@example.com"],"text":"' + UTF8String(StringOfChar('x', 60000)) + '"}';
      Full.Send(Large);
      Must(False, 'a full mailbox');
    except
      on E: EPostkontor do
      begin
        Words := string(PostkontorMember(PostkontorMember(E.Json, 'server'), 'text'));
        if ByImap then
        begin
          MustBe(E, POSTKONTOR_REFUSED, 'imap.append_refused');
          Must(Pos('OVERQUOTA', Words) > 0, 'the words of the server');
        end
        else
        begin
          MustBe(E, POSTKONTOR_LATER, 'ews.mailbox_full');
          Must(Pos('quota', Words) > 0, 'the words of the server');
        end;
      end;
    end;
  finally
    Full.Free;
  end;
end;

{ A draft in a folder of its own: marked, labelled, copied; the folder is renamed and deleted. }
procedure TDesk.ChangeFolders(const Prefix: string);
var
  Made, Receipt, Draft, Copied: UTF8String;
begin
  Made := Account.Apply('{"folders":[{"create":"Prüfung"},{"create":"Prüfung/Größe"}]}');
  Must(Made = '{"folders":[{"created":"Prüfung"},{"created":"Prüfung/Größe"}]}', string(Made));
  Receipt := Account.Send('{"subject":"Entwurf von Pascal","text":"x","bcc":["c@example.com"],' +
    '"append":{"folder":"Prüfung/Größe","flags":["draft"]}}');
  Must(PostkontorMember(PostkontorMember(Receipt, 'filed'), 'status') = 'saved', string(Receipt));
  Must(PostkontorCount(PostkontorMember(Receipt, 'recipients')) = 0, 'nothing was sent');
  Draft := PostkontorMember(Receipt, 'saved_to');
  Apply(Draft, '"action":"flagged"');
  Apply(Draft, '"action":"keywords","add":["Bezahlt"]');
  Copied := Apply(Draft, '"action":"copy","folder":"<drafts>"');
  Must(PostkontorMember(PostkontorItem(PostkontorMember(Copied, 'new_ids'), 0), 'id') = Draft, string(Copied));
  Account.Apply('{"folders":[{"rename":"Prüfung/Größe","to":"Prüfung/Maß"}]}');
  try
    Account.Apply('{"folders":[{"delete":"Prüfung/Maß"}]}');
    Must(False, 'a folder with a message');
  except
    on E: EPostkontor do
    begin
      MustBe(E, POSTKONTOR_REFUSED, Prefix + '.folder_not_empty');
      Must(PostkontorMember(PostkontorItem(PostkontorMember(E.Json, 'at'), 0), 'pointer') = '/folders/0/delete', 'the place');
    end;
  end;
  Account.Apply('{"folders":[{"delete":"Prüfung/Maß","with_messages":true},{"delete":"Prüfung"}]}');
end;

procedure TDesk.FileByPop3;
begin
  try
    Apply(Ids[0], FILED);
    Must(False, 'moving by POP3');
  except
    on E: EPostkontor do
      MustBe(E, POSTKONTOR_UNSUPPORTED, 'pop3.only_delete');
  end;
  Apply(Ids[0], '"action":"delete"');
end;

procedure TDesk.Run(const Settings: UTF8String; const Transport: string);
var
  Listed: UTF8String;
  Index, Drafts: Integer;
begin
  Host := TPostkontorHost.Create('{"language":"en"}');
  try
    Host.OnProgress := Progress;
    Account := TPostkontorAccount.Create(Host, Settings, 'inbox');
    Must(PostkontorCount(PostkontorMember(Account.List('{"folder":""}'), 'messages')) = 5, 'messages are listed');
    if Transport <> 'pop3' then
    begin
      Drafts := 0;
      Listed := PostkontorMember(Account.List, 'folders');
      for Index := 0 to PostkontorCount(Listed) - 1 do
        if PostkontorMember(PostkontorItem(Listed, Index), 'name') = 'Entwürfe' then
          Inc(Drafts, Ord(PostkontorItem(PostkontorMember(PostkontorItem(Listed, Index), 'uses'), 0) = 'drafts'));
      Must(Drafts = 1, 'folders are listed');
    end;
    Receive;
    if Transport = 'imap' then
    begin
      LookCloser;
      ChangeFolders('imap');
    end;
    if Transport = 'exchange-ews' then
      ChangeFolders('ews');
    if Transport <> 'pop3' then
      FileInFolders(Settings, Transport = 'imap')
    else
      FileByPop3;
  finally
    Account.Free;
    Host.Free;
  end;
end;

var
  Desk: TDesk;
begin
  Desk := TDesk.Create;
  try
    Desk.Folder := UTF8String(ParamStr(2));
    Desk.Run(ReadFile(ParamStr(1)), ParamStr(3));
  finally
    Desk.Free;
  end;
  WriteLn('held');
end.
