{ Postkontor for Delphi 7 to 12 and Free Pascal (mode Delphi): test, send and fetch mail.

  TPostkontorHost and TPostkontorAccount are what a program uses; the functions of the C ABI stand below for programs that need
  them. include/postkontor.h is the manual: strings, threads, errors and deadlines are explained at its top.

  Text is JSON in UTF-8 and has the type UTF8String. From Delphi 2009 on the compiler converts it from and to string by
  itself; in Delphi 7 to 2007 use UTF8Encode and UTF8Decode where a text has more than ASCII. Free Pascal on Unix needs
  the unit cwstring in the program to convert them.

  A failed call raises EPostkontor, which has the members of the JSON error as properties. An exception that your own event
  handler raises stops the call and is raised again where the call was made. }

unit Postkontor;

{$IFDEF FPC}
  {$MODE DELPHI}{$H+}{$PACKRECORDS C}
{$ELSE}
  {$ALIGN 8}
{$ENDIF}

interface

uses
  SysUtils, Classes;

const
  { The number of the C ABI that this unit was written for; postkontor_abi tells that of the library. }
  POSTKONTOR_ABI_NUMBER = 2;

  POSTKONTOR_OK          = 0;
  POSTKONTOR_ARGUMENT    = 1;
  POSTKONTOR_SETTINGS    = 2;
  POSTKONTOR_TRANSPORT   = 3;
  POSTKONTOR_UNSUPPORTED = 4;
  POSTKONTOR_AUTH        = 5;
  POSTKONTOR_TLS         = 6;
  POSTKONTOR_NETWORK     = 7;
  POSTKONTOR_TIMEOUT     = 8;
  POSTKONTOR_CANCELLED   = 9;
  POSTKONTOR_REFUSED     = 10;
  POSTKONTOR_LATER       = 11;
  POSTKONTOR_PARTIAL     = 12;
  POSTKONTOR_UNCERTAIN   = 13;
  POSTKONTOR_NOT_FOUND   = 14;
  POSTKONTOR_BUSY        = 15;
  POSTKONTOR_INTERNAL    = 16;
  POSTKONTOR_DISABLED    = 17;
  POSTKONTOR_PROTOCOL    = 18;
  POSTKONTOR_LOCAL       = 19;

  POSTKONTOR_LOG_ERROR       = 1;
  POSTKONTOR_LOG_WARNING     = 2;
  POSTKONTOR_LOG_INFORMATION = 3;
  POSTKONTOR_LOG_DEBUG       = 4;
  POSTKONTOR_LOG_TRACE       = 5;

  POSTKONTOR_KEEP   = 0;
  POSTKONTOR_SEEN   = 1;
  POSTKONTOR_DELETE = 2;
  POSTKONTOR_STOP   = 3;

type
  { size_t of C }
  {$IFDEF FPC}
  TPostkontorSize = PtrUInt;
  {$ELSE}
    {$IF CompilerVersion >= 23}
  TPostkontorSize = NativeUInt;
    {$ELSE}
  TPostkontorSize = Cardinal;
    {$IFEND}
  {$ENDIF}

  TPostkontorStatus = Integer;

  { Handles are tickets: never dereference them. }
  TPostkontorOpaque = record Nothing: Byte; end;
  PPostkontorHost = ^TPostkontorOpaque;
  PPostkontorAccount = ^TPostkontorOpaque;
  PPostkontorMessage = ^TPostkontorOpaque;
  PPostkontorOutbox = ^TPostkontorOpaque;
  PPostkontorCancel = ^TPostkontorOpaque;

  TPostkontorBuf = record
    Data: PAnsiChar;
    Len: TPostkontorSize;
  end;
  PPostkontorBuf = ^TPostkontorBuf;

  TPostkontorSlice = record
    Data: Pointer;
    Len: TPostkontorSize;
  end;
  PPostkontorSlice = ^TPostkontorSlice;

  TPostkontorLogFn = procedure(User: Pointer; Level: Integer; Text: PAnsiChar);
    {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};
  TPostkontorProgressFn = function(User: Pointer; Done, Total: Int64): Integer;
    {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};
  TPostkontorSecretGetFn = function(User: Pointer; Name, Value: PAnsiChar; Capacity: Integer): Integer;
    {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};
  TPostkontorSecretPutFn = function(User: Pointer; Name, Value: PAnsiChar): Integer;
    {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};
  TPostkontorStepFn = procedure(User: Pointer; Json: PAnsiChar; Size: TPostkontorSize);
    {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};
  TPostkontorWriteFn = function(User, Data: Pointer; Len: TPostkontorSize): Integer;
    {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};
  TPostkontorReceivedFn = function(User: Pointer; Summary: PAnsiChar; Message: PPostkontorMessage): Integer;
    {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};

  TPostkontorCallbacks = record
    Size: TPostkontorSize;
    User: Pointer;
    Log: TPostkontorLogFn;
    Progress: TPostkontorProgressFn;
    SecretGet: TPostkontorSecretGetFn;
    SecretPut: TPostkontorSecretPutFn;
    Step: TPostkontorStepFn;
  end;
  PPostkontorCallbacks = ^TPostkontorCallbacks;

  { A call that failed. Decide by Status; Message is for the user, in the host's language. }
  EPostkontor = class(Exception)
  private
    FStatus: Integer;
    FCode, FDetail, FRetry, FDelivery: string;
    FJson: UTF8String;
  public
    constructor Create(AStatus: Integer; const AJson: UTF8String);
    property Status: Integer read FStatus;
    { Stable, listed in docs/codes.md: 'auth.refused' }
    property Code: string read FCode;
    { English, for support }
    property Detail: string read FDetail;
    { 'no', 'later', 'changed', 'refused_only' }
    property Retry: string read FRetry;
    { 'none', 'partial', 'complete', 'unknown' }
    property Delivery: string read FDelivery;
    { All of it }
    property Json: UTF8String read FJson;
  end;

  TPostkontorLogEvent = procedure(Sender: TObject; Level: Integer; const Text: UTF8String) of object;
  TPostkontorProgressEvent = procedure(Sender: TObject; Done, Total: Int64; var Stop: Boolean) of object;
  { Leave Found False where there is no such secret. }
  TPostkontorSecretEvent = procedure(Sender: TObject; const Name: UTF8String; var Value: UTF8String; var Found: Boolean) of object;
  { A step of a test that has ended, as JSON. }
  TPostkontorStepEvent = procedure(Sender: TObject; const Step: UTF8String) of object;
  TPostkontorKeepSecretEvent = procedure(Sender: TObject; const Name, Value: UTF8String; var Kept: Boolean) of object;

  { What becomes of a fetched message. }
  TPostkontorAction = (paKeep, paSeen, paDelete, paStop);
  TPostkontorMessage = class;
  { Action is paKeep at first. It is carried out when the event is over; Message is gone then. When the event raises, the message
    counts as not taken, no more are fetched, and Receive raises the exception again. }
  TPostkontorReceivedEvent = procedure(Sender: TObject; Message: TPostkontorMessage; var Action: TPostkontorAction) of object;

  { Stops calls: at its deadline, or by Fire from any thread. }
  TPostkontorCancel = class
  private
    FHandle: PPostkontorCancel;
  public
    { 0: only Fire stops. }
    constructor Create(DeadlineMs: Integer = 0);
    destructor Destroy; override;
    procedure Fire;
    property Handle: PPostkontorCancel read FHandle;
  end;

  { The plugins, the language and the events. One for the program; its functions may be called by several threads. }
  TPostkontorHost = class
  private
    FHandle: PPostkontorHost;
    FOnLog: TPostkontorLogEvent;
    FOnProgress: TPostkontorProgressEvent;
    FOnSecret: TPostkontorSecretEvent;
    FOnKeepSecret: TPostkontorKeepSecretEvent;
    FOnStep: TPostkontorStepEvent;
  public
    (* Config is JSON, for example '{"language":"de"}'. Log is OnLog from the first line on: opening the host has lines, too. *)
    constructor Create(const Config: UTF8String = '{}'; Log: TPostkontorLogEvent = nil);
    destructor Destroy; override;
    function Transports: UTF8String;
    { The form of a transport's settings; of 'account', 'document' or 'layers'; or of what a call takes: 'message', 'receive', 'list',
      'apply', 'test', 'authorize', 'discover'. Language '' is the host's. }
    function Schema(const Transport: UTF8String; const Language: UTF8String = ''): UTF8String;
    function Check(const Settings: UTF8String): UTF8String;
    function Discover(const Address: UTF8String; Cancel: TPostkontorCancel = nil): UTF8String;
    { The MIME form of a message, without sending it. Sender is the group "sender" of the settings, or ''. }
    function Build(const Sender, Message: UTF8String; const Parts: array of TCustomMemoryStream): UTF8String;
    property Handle: PPostkontorHost read FHandle;
    property OnLog: TPostkontorLogEvent read FOnLog write FOnLog;
    { Called at least every 100 ms while a call waits; the place for Application.ProcessMessages. }
    property OnProgress: TPostkontorProgressEvent read FOnProgress write FOnProgress;
    property OnSecret: TPostkontorSecretEvent read FOnSecret write FOnSecret;
    property OnKeepSecret: TPostkontorKeepSecretEvent read FOnKeepSecret write FOnKeepSecret;
    { Called with each step of a test as it ends, where the request says "steps":true. }
    property OnStep: TPostkontorStepEvent read FOnStep write FOnStep;
  end;

  { A message to read from: the one that Receive hands to its event, or one that is opened here, which is to be freed before its
    host. Parts count from 0 in the order of the summary's "parts". }
  TPostkontorMessage = class
  private
    FHandle: PPostkontorMessage;
    FSummary: UTF8String;
    FIsOpened: Boolean;
    function GetMember(const Name: UTF8String): UTF8String;
    function GetPartCount: Integer;
    function GetPart(Index: Integer): UTF8String;
    procedure Write(const Request: UTF8String; Stream: TStream);
  public
    { Opens the bytes of a message, which are copied. Smime, as receive.smime of the settings, decrypts and verifies it. }
    constructor Create(Host: TPostkontorHost; Data: TCustomMemoryStream; const Smime: UTF8String = ''); overload;
    { Opens a file, likewise. }
    constructor Create(Host: TPostkontorHost; const FileName: UTF8String; const Smime: UTF8String = ''); overload;
    { For Receive. }
    constructor Borrow(AHandle: PPostkontorMessage; const ASummary: UTF8String);
    destructor Destroy; override;
    { The message as it came. }
    procedure SaveTo(const FileName: UTF8String);
    procedure WriteTo(Stream: TStream);
    { A part, decoded. }
    procedure SavePartTo(Index: Integer; const FileName: UTF8String);
    procedure WritePartTo(Index: Integer; Stream: TStream);
    (* What is known of it: '{"id":"...","subject":"...","from":[...],"parts":[...]}'. *)
    property Summary: UTF8String read FSummary;
    { A member of the summary: Message['subject']. }
    property Member[const Name: UTF8String]: UTF8String read GetMember; default;
    property PartCount: Integer read GetPartCount;
    (* What is known of a part: '{"name":"...","type":"...","size":1}'. *)
    property Part[Index: Integer]: UTF8String read GetPart;
    property Handle: PPostkontorMessage read FHandle;
  end;

  { An account of a settings document. One thread at a time; free it before its host, and not in an event of its own. }
  TPostkontorAccount = class
  private
    FHandle: PPostkontorAccount;
    FState: UTF8String;
  public
    { Id '' is the account that sends. }
    constructor Create(Host: TPostkontorHost; const Settings: UTF8String; const Id: UTF8String = '');
    destructor Destroy; override;
    { The report of the test. It raises only when the test could not run: look at "ok". }
    function Test(const Request: UTF8String = '{}'; Cancel: TPostkontorCancel = nil): UTF8String;
    (* Asks a person for consent (OAuth 2.0): '{"begin":true}' answers what to show, '{"finish":true}' waits for the consent. *)
    function Authorize(const Request: UTF8String = '{}'; Cancel: TPostkontorCancel = nil): UTF8String;
    { The receipt. "part" of an attachment counts in Parts. }
    function Send(const Message: UTF8String; Cancel: TPostkontorCancel = nil): UTF8String; overload;
    function Send(const Message: UTF8String; const Parts: array of TCustomMemoryStream; Cancel: TPostkontorCancel = nil): UTF8String; overload;
    function List(const Request: UTF8String = '{}'; Cancel: TPostkontorCancel = nil): UTF8String;
    { Fetches messages: Received gets each of them. Where it is nil, "action" of the request says what becomes of them. }
    function Receive(const Request: UTF8String; Received: TPostkontorReceivedEvent; Cancel: TPostkontorCancel = nil): UTF8String;
    function Apply(const Request: UTF8String; Cancel: TPostkontorCancel = nil): UTF8String;
    { What the next Receive is to be told as "state", so that only what is new comes. To be kept after every Receive, also after one
      that raised: what was taken before stays taken. }
    property State: UTF8String read FState;
    property Handle: PPostkontorAccount read FHandle;
  end;

  { Where mail lies that goes out later, once (docs/outbox.md). One thread at a time: create one for each thread, and free it before its host. }
  TPostkontorOutbox = class
  private
    FHandle: PPostkontorOutbox;
  public
    { The outbox of a settings document. }
    constructor Create(Host: TPostkontorHost; const Settings: UTF8String; Cancel: TPostkontorCancel = nil);
    destructor Destroy; override;
    (* Hands over '{"message":{...},"key":"..."}', or an array of such as a whole; when it returns they are durable. "part" of an attachment
       counts in Parts. *)
    function Put(const Mails: UTF8String; Cancel: TPostkontorCancel = nil): UTF8String; overload;
    function Put(const Mails: UTF8String; const Parts: array of TCustomMemoryStream; Cancel: TPostkontorCancel = nil): UTF8String; overload;
    (* Sends what is due, on this thread: until nothing is, or with '{"until":"stopped"}' until Cancel fires. *)
    function Work(const Request: UTF8String = '{}'; Cancel: TPostkontorCancel = nil): UTF8String;
    (* What became of mail: '{"key":"..."}', '{"states":[...]}', '{"stats":true}'. *)
    function Query(const Request: UTF8String = '{}'; Cancel: TPostkontorCancel = nil): UTF8String;
    (* Decides about mail: '{"action":"resolve","ids":["..."],"as":"send_again"}'. *)
    function Act(const Request: UTF8String; Cancel: TPostkontorCancel = nil): UTF8String;
    property Handle: PPostkontorOutbox read FHandle;
  end;

{ A member of a JSON object: strings without quotes, everything else as it stands there, '' where it is missing. }
function PostkontorMember(const Json, Name: UTF8String): UTF8String;

{ The number of items in a JSON array, 0 where it is none. }
function PostkontorCount(const Json: UTF8String): Integer;

{ An item of a JSON array, counted from 0, as PostkontorMember gives members. }
function PostkontorItem(const Json: UTF8String; Index: Integer): UTF8String;

(* A text as JSON, with its quotes: '{"folder":' + PostkontorText(Name) + '}'. *)
function PostkontorText(const Text: UTF8String): UTF8String;

type
  TPostkontorTexts = array of UTF8String;

{ The names of the members of a JSON object, in their order. }
function PostkontorNames(const Json: UTF8String): TPostkontorTexts;

(* The value at a JSON pointer (RFC 6901) as it stands there, strings with their quotes; '' where there is none:
   PostkontorAt(Settings, '/accounts/office/server/port'). *)
function PostkontorAt(const Json, Pointer: UTF8String): UTF8String;

{ A JSON value as PostkontorMember gives it: a string without its quotes, everything else as it stands there. }
function PostkontorPlain(const Value: UTF8String): UTF8String;

{ A JSON document with a merge patch applied to it (RFC 7396): members are replaced, null removes them. }
function PostkontorMerge(const Json, Patch: UTF8String): UTF8String;

{ A JSON document with another value at a pointer; 'null' removes what is there. The objects on the way are made where they are missing. }
function PostkontorPut(const Json, Pointer, Value: UTF8String): UTF8String;

{ A name as it stands in a JSON pointer: '~' and '/' have signs of their own there. }
function PostkontorToken(const Name: UTF8String): UTF8String;

const
  {$IFDEF MSWINDOWS}
  PostkontorLibrary = 'postkontor.dll';
  {$ELSE}
  PostkontorLibrary = 'postkontor';
  {$ENDIF}

function postkontor_abi: Integer;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_abi';
function postkontor_version: PAnsiChar;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_version';
procedure postkontor_buf_free(Buf: PPostkontorBuf);
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_buf_free';

function postkontor_host_open(Config: PAnsiChar; Callbacks: PPostkontorCallbacks; var Host: PPostkontorHost;
  Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_host_open';
function postkontor_host_close(Host: PPostkontorHost; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_host_close';
function postkontor_host_transports(Host: PPostkontorHost; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_host_transports';
function postkontor_host_schema(Host: PPostkontorHost; Transport, Language: PAnsiChar; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_host_schema';
function postkontor_host_check(Host: PPostkontorHost; Settings: PAnsiChar; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_host_check';
function postkontor_host_discover(Host: PPostkontorHost; Address: PAnsiChar; Cancel: PPostkontorCancel;
  Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_host_discover';

function postkontor_account_open(Host: PPostkontorHost; Settings, Id: PAnsiChar; var Account: PPostkontorAccount;
  Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_account_open';
function postkontor_account_close(Account: PPostkontorAccount; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_account_close';
function postkontor_account_test(Account: PPostkontorAccount; Request: PAnsiChar; Cancel: PPostkontorCancel;
  Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_account_test';
function postkontor_account_authorize(Account: PPostkontorAccount; Request: PAnsiChar; Cancel: PPostkontorCancel;
  Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_account_authorize';
function postkontor_account_send(Account: PPostkontorAccount; Message: PAnsiChar; Parts: PPostkontorSlice;
  Count: TPostkontorSize; Cancel: PPostkontorCancel; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_account_send';
function postkontor_account_list(Account: PPostkontorAccount; Request: PAnsiChar; Cancel: PPostkontorCancel;
  Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_account_list';
function postkontor_account_receive(Account: PPostkontorAccount; Request: PAnsiChar; Received: TPostkontorReceivedFn;
  User: Pointer; Cancel: PPostkontorCancel; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_account_receive';
function postkontor_account_apply(Account: PPostkontorAccount; Request: PAnsiChar; Cancel: PPostkontorCancel;
  Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_account_apply';

function postkontor_message_build(Host: PPostkontorHost; Sender, Message: PAnsiChar; Parts: PPostkontorSlice;
  Count: TPostkontorSize; Write: TPostkontorWriteFn; User: Pointer; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_message_build';
function postkontor_message_open(Host: PPostkontorHost; Source: PAnsiChar; Data: Pointer; Len: TPostkontorSize;
  var Message: PPostkontorMessage; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_message_open';
function postkontor_message_part(Message: PPostkontorMessage; Request: PAnsiChar; Write: TPostkontorWriteFn; User: Pointer;
  Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_message_part';
function postkontor_message_close(Message: PPostkontorMessage; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_message_close';

function postkontor_outbox_open(Host: PPostkontorHost; Settings: PAnsiChar; Cancel: PPostkontorCancel; var Outbox: PPostkontorOutbox;
  Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_outbox_open';
function postkontor_outbox_close(Outbox: PPostkontorOutbox; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_outbox_close';
function postkontor_outbox_put(Outbox: PPostkontorOutbox; Mails: PAnsiChar; Parts: PPostkontorSlice; Count: TPostkontorSize;
  Cancel: PPostkontorCancel; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_outbox_put';
function postkontor_outbox_work(Outbox: PPostkontorOutbox; Request: PAnsiChar; Cancel: PPostkontorCancel;
  Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_outbox_work';
function postkontor_outbox_query(Outbox: PPostkontorOutbox; Request: PAnsiChar; Cancel: PPostkontorCancel;
  Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_outbox_query';
function postkontor_outbox_act(Outbox: PPostkontorOutbox; Request: PAnsiChar; Cancel: PPostkontorCancel;
  Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_outbox_act';

function postkontor_cancel_new(DeadlineMs: Integer; var Cancel: PPostkontorCancel; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_cancel_new';
function postkontor_cancel_fire(Cancel: PPostkontorCancel; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_cancel_fire';
function postkontor_cancel_free(Cancel: PPostkontorCancel; Out_: PPostkontorBuf): TPostkontorStatus;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF}; external PostkontorLibrary name 'postkontor_cancel_free';

implementation

threadvar
  { The exception that an event handler raised during the call that this thread is in. }
  Caught: TObject;

{ ---- Text ---- }

function ToString_(const Text: UTF8String): string;
begin
  {$IFDEF FPC}
  Result := Text;
  {$ELSE}
    {$IFDEF UNICODE}
  Result := string(Text);
    {$ELSE}
  Result := Utf8ToAnsi(Text);
    {$ENDIF}
  {$ENDIF}
end;

function ToText(const Buf: TPostkontorBuf): UTF8String;
begin
  { By hand, because a conversion by the compiler would take the bytes for the system's code page. }
  SetLength(Result, Buf.Len);
  if Buf.Len > 0 then
    Move(Buf.Data^, Result[1], Buf.Len);
end;

function Chars(Text: PAnsiChar): UTF8String;
begin
  SetLength(Result, StrLen(Text));
  if Result <> '' then
    Move(Text^, Result[1], Length(Result));
end;

function OrNil(const Text: UTF8String): PAnsiChar;
begin
  if Text = '' then
    Result := nil
  else
    Result := PAnsiChar(Text);
end;

{ ---- JSON ---- }

procedure AppendCodePoint(var Text: UTF8String; Code: Cardinal);

  procedure Append(Value: Cardinal);
  begin
    SetLength(Text, Length(Text) + 1);
    Text[Length(Text)] := AnsiChar(Value);
  end;

begin
  if Code < $80 then
    Append(Code)
  else if Code < $800 then
  begin
    Append($C0 or (Code shr 6));
    Append($80 or (Code and $3F));
  end
  else if Code < $10000 then
  begin
    Append($E0 or (Code shr 12));
    Append($80 or ((Code shr 6) and $3F));
    Append($80 or (Code and $3F));
  end
  else
  begin
    Append($F0 or (Code shr 18));
    Append($80 or ((Code shr 12) and $3F));
    Append($80 or ((Code shr 6) and $3F));
    Append($80 or (Code and $3F));
  end;
end;

{ At stands on the opening quote, and behind the closing one afterwards. }
procedure SkipString(const Json: UTF8String; var At: Integer);
begin
  Inc(At);
  while (At <= Length(Json)) and (Json[At] <> '"') do
  begin
    if Json[At] = '\' then
      Inc(At);
    Inc(At);
  end;
  Inc(At);
end;

{ Likewise. }
function ReadString(const Json: UTF8String; var At: Integer): UTF8String;

  function HexAt(Index: Integer): Cardinal;
  begin
    Result := StrToIntDef('$' + string(Copy(Json, Index, 4)), $FFFD);
  end;

var
  Start: Integer;
  Code: Cardinal;
begin
  Result := '';
  Inc(At);
  while (At <= Length(Json)) and (Json[At] <> '"') do
  begin
    if Json[At] <> '\' then
    begin
      Start := At;
      while (At <= Length(Json)) and (Json[At] <> '"') and (Json[At] <> '\') do
        Inc(At);
      Result := Result + Copy(Json, Start, At - Start);
      Continue;
    end;
    Inc(At);
    if At > Length(Json) then
      Break;
    case Json[At] of
      'n': AppendCodePoint(Result, 10);
      'r': AppendCodePoint(Result, 13);
      't': AppendCodePoint(Result, 9);
      'b': AppendCodePoint(Result, 8);
      'f': AppendCodePoint(Result, 12);
      'u':
        begin
          Code := HexAt(At + 1);
          Inc(At, 4);
          if (Code >= $D800) and (Code < $DC00) and (Copy(Json, At + 1, 2) = '\u') then
          begin
            Code := $10000 + ((Code - $D800) shl 10) + (HexAt(At + 3) - $DC00);
            Inc(At, 6);
          end;
          AppendCodePoint(Result, Code);
        end;
    else
      AppendCodePoint(Result, Ord(Json[At]));
    end;
    Inc(At);
  end;
  Inc(At);
end;

procedure SkipSpace(const Json: UTF8String; var At: Integer);
begin
  while (At <= Length(Json)) and (Json[At] in [' ', #9, #10, #13]) do
    Inc(At);
end;

{ At stands on the first character of a value, and behind it afterwards. }
procedure SkipValue(const Json: UTF8String; var At: Integer);
var
  Depth: Integer;
begin
  Depth := 0;
  while At <= Length(Json) do
  begin
    case Json[At] of
      '"':
        begin
          SkipString(Json, At);
          Continue;
        end;
      '{', '[':
        Inc(Depth);
      '}', ']':
        begin
          if Depth = 0 then
            Break;
          Dec(Depth);
        end;
      ',':
        if Depth = 0 then
          Break;
    end;
    Inc(At);
  end;
end;

{ Likewise. }
function ReadValue(const Json: UTF8String; var At: Integer): UTF8String;
var
  Start: Integer;
begin
  if (At <= Length(Json)) and (Json[At] = '"') then
  begin
    Result := ReadString(Json, At);
    Exit;
  end;
  Start := At;
  SkipValue(Json, At);
  Result := Copy(Json, Start, At - Start);
end;

{ Where the value of a member begins, 0 where there is none. }
function FindMember(const Json, Name: UTF8String): Integer;

  procedure SkipTo(Wanted: AnsiChar);
  begin
    while (Result <= Length(Json)) and (Json[Result] <> Wanted) do
      Inc(Result);
  end;

var
  Found: UTF8String;
begin
  Result := 1;
  SkipTo('{');
  while Result <= Length(Json) do
  begin
    SkipTo('"');
    Found := ReadString(Json, Result);
    SkipTo(':');
    Inc(Result);
    SkipSpace(Json, Result);
    if (Found = Name) and (Result <= Length(Json)) then
      Exit;
    SkipValue(Json, Result);
  end;
  Result := 0;
end;

function PostkontorMember(const Json, Name: UTF8String): UTF8String;
var
  At: Integer;
begin
  Result := '';
  At := FindMember(Json, Name);
  if At > 0 then
    Result := ReadValue(Json, At);
end;

{ Where the value of an item begins, 0 where there is none. At last, Index is the number of items that were passed. }
function FindItem(const Json: UTF8String; var Index: Integer): Integer;
var
  Wanted: Integer;
begin
  Wanted := Index;
  Index := 0;
  Result := 1;
  SkipSpace(Json, Result);
  if (Result <= Length(Json)) and (Json[Result] = '[') then
  begin
    Inc(Result);
    SkipSpace(Json, Result);
    while (Result <= Length(Json)) and (Json[Result] <> ']') do
    begin
      if Index = Wanted then
        Exit;
      SkipValue(Json, Result);
      Inc(Index);
      if (Result <= Length(Json)) and (Json[Result] = ',') then
        Inc(Result);
      SkipSpace(Json, Result);
    end;
  end;
  Result := 0;
end;

function PostkontorCount(const Json: UTF8String): Integer;
begin
  Result := MaxInt;
  FindItem(Json, Result);
end;

function PostkontorItem(const Json: UTF8String; Index: Integer): UTF8String;
var
  At: Integer;
begin
  Result := '';
  At := FindItem(Json, Index);
  if At > 0 then
    Result := ReadValue(Json, At);
end;

function PostkontorText(const Text: UTF8String): UTF8String;
var
  Index: Integer;
begin
  Result := '"';
  for Index := 1 to Length(Text) do
    if (Text[Index] = '"') or (Text[Index] = '\') then
      Result := Result + '\' + Text[Index]
    else if Text[Index] < ' ' then
      Result := Result + '\u' + UTF8String(IntToHex(Ord(Text[Index]), 4))
    else
      Result := Result + Text[Index];
  Result := Result + '"';
end;

function PostkontorNames(const Json: UTF8String): TPostkontorTexts;
var
  At: Integer;
begin
  Result := nil;
  At := 1;
  SkipSpace(Json, At);
  if (At > Length(Json)) or (Json[At] <> '{') then
    Exit;
  while True do
  begin
    while (At <= Length(Json)) and (Json[At] <> '"') do
      Inc(At);
    if At > Length(Json) then
      Exit;
    SetLength(Result, Length(Result) + 1);
    Result[High(Result)] := ReadString(Json, At);
    while (At <= Length(Json)) and (Json[At] <> ':') do
      Inc(At);
    Inc(At);
    SkipSpace(Json, At);
    SkipValue(Json, At);
    if (At > Length(Json)) or (Json[At] <> ',') then
      Exit;
  end;
end;

{ The value of a member or, of an array, of an item, as it stands there. }
function Raw(const Json, Name: UTF8String): UTF8String;
var
  At, Index, Start: Integer;
begin
  Result := '';
  At := 1;
  SkipSpace(Json, At);
  if At > Length(Json) then
    Exit;
  if Json[At] = '[' then
  begin
    Index := StrToIntDef(string(Name), MaxInt);
    At := FindItem(Json, Index);
  end
  else if Json[At] = '{' then
    At := FindMember(Json, Name)
  else
    At := 0;
  if At = 0 then
    Exit;
  Start := At;
  SkipValue(Json, At);
  while (At > Start) and (Json[At - 1] in [' ', #9, #10, #13]) do
    Dec(At);
  Result := Copy(Json, Start, At - Start);
end;

{ Takes the first name off a pointer, and says whether there was one. }
function TakeToken(var Pointer: UTF8String; out Name: UTF8String): Boolean;
var
  At: Integer;
begin
  Name := '';
  Result := (Pointer <> '') and (Pointer[1] = '/');
  if not Result then
    Exit;
  At := 2;
  while (At <= Length(Pointer)) and (Pointer[At] <> '/') do
  begin
    if (Pointer[At] = '~') and (At < Length(Pointer)) then
    begin
      Inc(At);
      if Pointer[At] = '1' then
        Name := Name + '/'
      else
        Name := Name + '~';
    end
    else
      Name := Name + Pointer[At];
    Inc(At);
  end;
  Delete(Pointer, 1, At - 1);
end;

function PostkontorAt(const Json, Pointer: UTF8String): UTF8String;
var
  Rest, Name: UTF8String;
begin
  Result := Json;
  Rest := Pointer;
  while (Result <> '') and TakeToken(Rest, Name) do
    Result := Raw(Result, Name);
end;

function PostkontorPlain(const Value: UTF8String): UTF8String;
var
  At: Integer;
begin
  At := 1;
  if (Value <> '') and (Value[1] = '"') then
    Result := ReadString(Value, At)
  else
    Result := Value;
end;

function Trimmed(const Json: UTF8String): UTF8String;
var
  First, Last: Integer;
begin
  First := 1;
  SkipSpace(Json, First);
  Last := Length(Json);
  while (Last > First) and (Json[Last] in [' ', #9, #10, #13]) do
    Dec(Last);
  Result := Copy(Json, First, Last - First + 1);
end;

function PostkontorMerge(const Json, Patch: UTF8String): UTF8String;
var
  Members: UTF8String;

  procedure Add(const Name, Value: UTF8String);
  begin
    if Members <> '' then
      Members := Members + ',';
    Members := Members + PostkontorText(Name) + ':' + Value;
  end;

var
  Old, New: TPostkontorTexts;
  Index: Integer;
  Value, Target: UTF8String;
begin
  Result := Trimmed(Patch);
  if Copy(Result, 1, 1) <> '{' then
    Exit;
  Members := '';
  Old := PostkontorNames(Json);
  { What is no object is replaced by one. }
  Target := '{}';
  if Old <> nil then
    Target := Json;
  for Index := 0 to High(Old) do
  begin
    Value := Raw(Patch, Old[Index]);
    if Value = '' then
      Add(Old[Index], Raw(Target, Old[Index]))
    else if Value <> 'null' then
      Add(Old[Index], PostkontorMerge(Raw(Target, Old[Index]), Value));
  end;
  New := PostkontorNames(Patch);
  for Index := 0 to High(New) do
  begin
    Value := Raw(Patch, New[Index]);
    if (Raw(Target, New[Index]) = '') and (Value <> 'null') then
      Add(New[Index], PostkontorMerge('', Value));
  end;
  Result := '{' + Members + '}';
end;

function PostkontorPut(const Json, Pointer, Value: UTF8String): UTF8String;

  function Nested(Rest: UTF8String): UTF8String;
  var
    Name: UTF8String;
  begin
    if TakeToken(Rest, Name) then
      Result := '{' + PostkontorText(Name) + ':' + Nested(Rest) + '}'
    else
      Result := Value;
  end;

begin
  Result := PostkontorMerge(Json, Nested(Pointer));
end;

function PostkontorToken(const Name: UTF8String): UTF8String;
var
  Index: Integer;
begin
  Result := '';
  for Index := 1 to Length(Name) do
    case Name[Index] of
      '~': Result := Result + '~0';
      '/': Result := Result + '~1';
    else
      Result := Result + Name[Index];
    end;
end;

{ ---- Results and errors ---- }

constructor EPostkontor.Create(AStatus: Integer; const AJson: UTF8String);
begin
  inherited Create(ToString_(PostkontorMember(AJson, 'message')));
  FStatus := AStatus;
  FJson := AJson;
  FCode := ToString_(PostkontorMember(AJson, 'code'));
  FDetail := ToString_(PostkontorMember(AJson, 'detail'));
  FRetry := ToString_(PostkontorMember(AJson, 'retry'));
  FDelivery := ToString_(PostkontorMember(AJson, 'delivery'));
end;

{ Gives Buf back and hands on its text, or raises what the call or one of its event handlers has to say. }
function Take(Status: TPostkontorStatus; var Buf: TPostkontorBuf): UTF8String;
var
  Inner: TObject;
begin
  Result := ToText(Buf);
  postkontor_buf_free(@Buf);
  Inner := Caught;
  if Inner <> nil then
  begin
    Caught := nil;
    raise Inner;
  end;
  if Status <> POSTKONTOR_OK then
    raise EPostkontor.Create(Status, Result);
end;

function HandleOf(Cancel: TPostkontorCancel): PPostkontorCancel;
begin
  if Cancel = nil then
    Result := nil
  else
    Result := Cancel.Handle;
end;

{ ---- Callbacks: no exception may leave them ---- }

procedure Keep;
begin
  if Caught = nil then
    Caught := AcquireExceptionObject;
end;

procedure HostLog(User: Pointer; Level: Integer; Text: PAnsiChar); {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};
begin
  try
    with TPostkontorHost(User) do
      if Assigned(OnLog) then
        OnLog(TPostkontorHost(User), Level, Chars(Text));
  except
    Keep;
  end;
end;

function HostProgress(User: Pointer; Done, Total: Int64): Integer; {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};
var
  Stop: Boolean;
begin
  { An exception kept from another event stops the call, too. }
  Stop := Caught <> nil;
  try
    with TPostkontorHost(User) do
      if Assigned(OnProgress) and not Stop then
        OnProgress(TPostkontorHost(User), Done, Total, Stop);
  except
    Keep;
    Stop := True;
  end;
  Result := Ord(Stop);
end;

procedure HostStep(User: Pointer; Json: PAnsiChar; Size: TPostkontorSize); {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};
begin
  try
    with TPostkontorHost(User) do
      if Assigned(OnStep) then
        OnStep(TPostkontorHost(User), Chars(Json));
  except
    Keep;
  end;
end;

function HostSecretGet(User: Pointer; Name, Value: PAnsiChar; Capacity: Integer): Integer;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};
var
  Secret: UTF8String;
  Found: Boolean;
begin
  Result := -1;
  try
    Secret := '';
    Found := False;
    with TPostkontorHost(User) do
      if Assigned(OnSecret) then
        OnSecret(TPostkontorHost(User), Chars(Name), Secret, Found);
    if Found then
    begin
      Result := Length(Secret);
      if (Result > 0) and (Result <= Capacity) then
        Move(Secret[1], Value^, Result);
    end;
  except
    Keep;
  end;
end;

function HostSecretPut(User: Pointer; Name, Value: PAnsiChar): Integer; {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};
var
  Kept: Boolean;
begin
  Kept := False;
  try
    with TPostkontorHost(User) do
      if Assigned(OnKeepSecret) then
        OnKeepSecret(TPostkontorHost(User), Chars(Name), Chars(Value), Kept);
  except
    Keep;
    Kept := False;
  end;
  Result := Ord(not Kept);
end;

type
  TReception = record
    Account: TPostkontorAccount;
    Received: TPostkontorReceivedEvent;
  end;
  PReception = ^TReception;

function AccountReceived(User: Pointer; Summary: PAnsiChar; Message: PPostkontorMessage): Integer;
  {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};
var
  Borrowed: TPostkontorMessage;
  Action: TPostkontorAction;
begin
  Action := paStop;
  try
    Borrowed := TPostkontorMessage.Borrow(Message, Chars(Summary));
    try
      Action := paKeep;
      PReception(User)^.Received(PReception(User)^.Account, Borrowed, Action);
    finally
      Borrowed.Free;
    end;
  except
    Keep;
  end;
  { Kept from this event or, during the call, from another. }
  if Caught <> nil then
    Action := paStop;
  Result := Ord(Action);
end;

function StreamWrite(User, Data: Pointer; Len: TPostkontorSize): Integer; {$IFDEF MSWINDOWS}stdcall{$ELSE}cdecl{$ENDIF};
begin
  Result := 1;
  try
    TStream(User).WriteBuffer(Data^, Len);
    Result := 0;
  except
    Keep;
  end;
end;

{ A destructor does not raise; what an event handler raised meanwhile is dropped. }
procedure Drop;
begin
  FreeAndNil(Caught);
end;

{ ---- TPostkontorCancel ---- }

constructor TPostkontorCancel.Create(DeadlineMs: Integer);
var
  Buf: TPostkontorBuf;
begin
  inherited Create;
  Take(postkontor_cancel_new(DeadlineMs, FHandle, @Buf), Buf);
end;

destructor TPostkontorCancel.Destroy;
begin
  if FHandle <> nil then
    postkontor_cancel_free(FHandle, nil);
  inherited Destroy;
end;

procedure TPostkontorCancel.Fire;
begin
  postkontor_cancel_fire(FHandle, nil);
end;

{ ---- TPostkontorHost ---- }

constructor TPostkontorHost.Create(const Config: UTF8String; Log: TPostkontorLogEvent);
var
  Callbacks: TPostkontorCallbacks;
  Buf: TPostkontorBuf;
begin
  inherited Create;
  FOnLog := Log;
  Callbacks.Size := SizeOf(Callbacks);
  Callbacks.User := Self;
  Callbacks.Log := HostLog;
  Callbacks.Progress := HostProgress;
  Callbacks.SecretGet := HostSecretGet;
  Callbacks.SecretPut := HostSecretPut;
  Callbacks.Step := HostStep;
  Take(postkontor_host_open(PAnsiChar(Config), @Callbacks, FHandle, @Buf), Buf);
end;

destructor TPostkontorHost.Destroy;
begin
  if FHandle <> nil then
  begin
    postkontor_host_close(FHandle, nil);
    Drop;
  end;
  inherited Destroy;
end;

function TPostkontorHost.Transports: UTF8String;
var
  Buf: TPostkontorBuf;
begin
  Result := Take(postkontor_host_transports(FHandle, @Buf), Buf);
end;

function TPostkontorHost.Schema(const Transport, Language: UTF8String): UTF8String;
var
  Buf: TPostkontorBuf;
begin
  Result := Take(postkontor_host_schema(FHandle, PAnsiChar(Transport), OrNil(Language), @Buf), Buf);
end;

function TPostkontorHost.Check(const Settings: UTF8String): UTF8String;
var
  Buf: TPostkontorBuf;
begin
  Result := Take(postkontor_host_check(FHandle, PAnsiChar(Settings), @Buf), Buf);
end;

function TPostkontorHost.Discover(const Address: UTF8String; Cancel: TPostkontorCancel): UTF8String;
var
  Buf: TPostkontorBuf;
begin
  Result := Take(postkontor_host_discover(FHandle, PAnsiChar(Address), HandleOf(Cancel), @Buf), Buf);
end;

type
  TSlices = array of TPostkontorSlice;

function Slices(const Parts: array of TCustomMemoryStream): TSlices;
var
  Index: Integer;
begin
  SetLength(Result, Length(Parts));
  for Index := 0 to High(Parts) do
  begin
    Result[Index].Data := Parts[Index].Memory;
    Result[Index].Len := Parts[Index].Size;
  end;
end;

function TPostkontorHost.Build(const Sender, Message: UTF8String; const Parts: array of TCustomMemoryStream): UTF8String;
var
  Buf: TPostkontorBuf;
  Borrowed: TSlices;
begin
  Borrowed := Slices(Parts);
  Result := Take(postkontor_message_build(FHandle, OrNil(Sender), PAnsiChar(Message), PPostkontorSlice(Borrowed),
    Length(Borrowed), nil, nil, @Buf), Buf);
end;

{ ---- TPostkontorMessage ---- }

constructor TPostkontorMessage.Borrow(AHandle: PPostkontorMessage; const ASummary: UTF8String);
begin
  inherited Create;
  FHandle := AHandle;
  FSummary := ASummary;
end;

constructor TPostkontorMessage.Create(Host: TPostkontorHost; Data: TCustomMemoryStream; const Smime: UTF8String);
var
  Buf: TPostkontorBuf;
  Source: UTF8String;
begin
  inherited Create;
  FIsOpened := True;
  Source := '';
  if Smime <> '' then
    Source := '{"smime":' + Smime + '}';
  FSummary := Take(postkontor_message_open(Host.Handle, OrNil(Source), Data.Memory, Data.Size, FHandle, @Buf), Buf);
end;

constructor TPostkontorMessage.Create(Host: TPostkontorHost; const FileName: UTF8String; const Smime: UTF8String);
var
  Buf: TPostkontorBuf;
  Source: UTF8String;
begin
  inherited Create;
  FIsOpened := True;
  Source := '{"file":' + PostkontorText(FileName);
  if Smime <> '' then
    Source := Source + ',"smime":' + Smime;
  Source := Source + '}';
  FSummary := Take(postkontor_message_open(Host.Handle, PAnsiChar(Source), nil, 0, FHandle, @Buf), Buf);
end;

destructor TPostkontorMessage.Destroy;
begin
  if FIsOpened and (FHandle <> nil) then
  begin
    postkontor_message_close(FHandle, nil);
    Drop;
  end;
  inherited Destroy;
end;

function TPostkontorMessage.GetMember(const Name: UTF8String): UTF8String;
begin
  Result := PostkontorMember(FSummary, Name);
end;

function TPostkontorMessage.GetPartCount: Integer;
begin
  Result := PostkontorCount(GetMember('parts'));
end;

function TPostkontorMessage.GetPart(Index: Integer): UTF8String;
begin
  Result := PostkontorItem(GetMember('parts'), Index);
end;

procedure TPostkontorMessage.Write(const Request: UTF8String; Stream: TStream);
var
  Buf: TPostkontorBuf;
begin
  if Stream = nil then
    Take(postkontor_message_part(FHandle, PAnsiChar(Request), nil, nil, @Buf), Buf)
  else
    Take(postkontor_message_part(FHandle, PAnsiChar(Request), StreamWrite, Stream, @Buf), Buf);
end;

procedure TPostkontorMessage.SaveTo(const FileName: UTF8String);
begin
  Write('{"raw":true,"file":' + PostkontorText(FileName) + '}', nil);
end;

procedure TPostkontorMessage.WriteTo(Stream: TStream);
begin
  Write('{"raw":true}', Stream);
end;

procedure TPostkontorMessage.SavePartTo(Index: Integer; const FileName: UTF8String);
begin
  Write('{"part":' + UTF8String(IntToStr(Index)) + ',"file":' + PostkontorText(FileName) + '}', nil);
end;

procedure TPostkontorMessage.WritePartTo(Index: Integer; Stream: TStream);
begin
  Write('{"part":' + UTF8String(IntToStr(Index)) + '}', Stream);
end;

{ ---- TPostkontorAccount ---- }

constructor TPostkontorAccount.Create(Host: TPostkontorHost; const Settings, Id: UTF8String);
var
  Buf: TPostkontorBuf;
begin
  inherited Create;
  Take(postkontor_account_open(Host.Handle, PAnsiChar(Settings), OrNil(Id), FHandle, @Buf), Buf);
end;

destructor TPostkontorAccount.Destroy;
begin
  if FHandle <> nil then
  begin
    postkontor_account_close(FHandle, nil);
    Drop;
  end;
  inherited Destroy;
end;

function TPostkontorAccount.Test(const Request: UTF8String; Cancel: TPostkontorCancel): UTF8String;
var
  Buf: TPostkontorBuf;
begin
  Result := Take(postkontor_account_test(FHandle, PAnsiChar(Request), HandleOf(Cancel), @Buf), Buf);
end;

function TPostkontorAccount.Authorize(const Request: UTF8String; Cancel: TPostkontorCancel): UTF8String;
var
  Buf: TPostkontorBuf;
begin
  Result := Take(postkontor_account_authorize(FHandle, PAnsiChar(Request), HandleOf(Cancel), @Buf), Buf);
end;

function TPostkontorAccount.Send(const Message: UTF8String; Cancel: TPostkontorCancel): UTF8String;
var
  Buf: TPostkontorBuf;
begin
  Result := Take(postkontor_account_send(FHandle, PAnsiChar(Message), nil, 0, HandleOf(Cancel), @Buf), Buf);
end;

function TPostkontorAccount.Send(const Message: UTF8String; const Parts: array of TCustomMemoryStream;
  Cancel: TPostkontorCancel): UTF8String;
var
  Buf: TPostkontorBuf;
  Borrowed: TSlices;
begin
  Borrowed := Slices(Parts);
  Result := Take(postkontor_account_send(FHandle, PAnsiChar(Message), PPostkontorSlice(Borrowed), Length(Borrowed),
    HandleOf(Cancel), @Buf), Buf);
end;

function TPostkontorAccount.List(const Request: UTF8String; Cancel: TPostkontorCancel): UTF8String;
var
  Buf: TPostkontorBuf;
begin
  Result := Take(postkontor_account_list(FHandle, PAnsiChar(Request), HandleOf(Cancel), @Buf), Buf);
end;

function TPostkontorAccount.Receive(const Request: UTF8String; Received: TPostkontorReceivedEvent;
  Cancel: TPostkontorCancel): UTF8String;
var
  Buf: TPostkontorBuf;
  Status: TPostkontorStatus;
  Reception: TReception;
begin
  Reception.Account := Self;
  Reception.Received := Received;
  if Assigned(Received) then
    Status := postkontor_account_receive(FHandle, PAnsiChar(Request), AccountReceived, @Reception, HandleOf(Cancel), @Buf)
  else
    Status := postkontor_account_receive(FHandle, PAnsiChar(Request), nil, nil, HandleOf(Cancel), @Buf);
  { Who finds the account in use leaves the state to the fetch that uses it; who only looks, at one message or at structures, fetches nothing. }
  if (Status <> POSTKONTOR_BUSY) and (PostkontorMember(Request, 'message') = '') and (PostkontorMember(Request, 'summary') <> 'structure') then
  begin
    FState := PostkontorMember(ToText(Buf), 'state');
    { An error that came before the first message has none. }
    if FState = '' then
      FState := PostkontorMember(Request, 'state');
  end;
  Result := Take(Status, Buf);
end;

function TPostkontorAccount.Apply(const Request: UTF8String; Cancel: TPostkontorCancel): UTF8String;
var
  Buf: TPostkontorBuf;
begin
  Result := Take(postkontor_account_apply(FHandle, PAnsiChar(Request), HandleOf(Cancel), @Buf), Buf);
end;

{ ---- TPostkontorOutbox ---- }

constructor TPostkontorOutbox.Create(Host: TPostkontorHost; const Settings: UTF8String; Cancel: TPostkontorCancel);
var
  Buf: TPostkontorBuf;
begin
  inherited Create;
  Take(postkontor_outbox_open(Host.Handle, PAnsiChar(Settings), HandleOf(Cancel), FHandle, @Buf), Buf);
end;

destructor TPostkontorOutbox.Destroy;
begin
  if FHandle <> nil then
  begin
    postkontor_outbox_close(FHandle, nil);
    Drop;
  end;
  inherited Destroy;
end;

function TPostkontorOutbox.Put(const Mails: UTF8String; Cancel: TPostkontorCancel): UTF8String;
var
  Buf: TPostkontorBuf;
begin
  Result := Take(postkontor_outbox_put(FHandle, PAnsiChar(Mails), nil, 0, HandleOf(Cancel), @Buf), Buf);
end;

function TPostkontorOutbox.Put(const Mails: UTF8String; const Parts: array of TCustomMemoryStream;
  Cancel: TPostkontorCancel): UTF8String;
var
  Buf: TPostkontorBuf;
  Borrowed: TSlices;
begin
  Borrowed := Slices(Parts);
  Result := Take(postkontor_outbox_put(FHandle, PAnsiChar(Mails), PPostkontorSlice(Borrowed), Length(Borrowed),
    HandleOf(Cancel), @Buf), Buf);
end;

function TPostkontorOutbox.Work(const Request: UTF8String; Cancel: TPostkontorCancel): UTF8String;
var
  Buf: TPostkontorBuf;
begin
  Result := Take(postkontor_outbox_work(FHandle, PAnsiChar(Request), HandleOf(Cancel), @Buf), Buf);
end;

function TPostkontorOutbox.Query(const Request: UTF8String; Cancel: TPostkontorCancel): UTF8String;
var
  Buf: TPostkontorBuf;
begin
  Result := Take(postkontor_outbox_query(FHandle, PAnsiChar(Request), HandleOf(Cancel), @Buf), Buf);
end;

function TPostkontorOutbox.Act(const Request: UTF8String; Cancel: TPostkontorCancel): UTF8String;
var
  Buf: TPostkontorBuf;
begin
  Result := Take(postkontor_outbox_act(FHandle, PAnsiChar(Request), HandleOf(Cancel), @Buf), Buf);
end;

end.
