/*
Postkontor: test, send and fetch mail over transport plugins. This file is the manual of the C ABI.

    #include "postkontor.h"

    int send_invoice(const char *settings, const char *message, postkontor_slice pdf)
    {
        postkontor_host *host = NULL;
        postkontor_account *account = NULL;
        postkontor_buf out = {NULL, 0};
        postkontor_status status = postkontor_host_open("{\"language\":\"de\"}", NULL, &host, &out);
        if (status == POSTKONTOR_OK) { postkontor_buf_free(&out); status = postkontor_account_open(host, settings, NULL, &account, &out); }
        if (status == POSTKONTOR_OK) { postkontor_buf_free(&out); status = postkontor_account_send(account, message, &pdf, 1, NULL, &out); }
        printf("%d %s\n", (int)status, out.data);        // the receipt, or the error as JSON
        postkontor_buf_free(&out);
        if (host) postkontor_host_close(host, NULL);     // closes its accounts, too
        return status;
    }

with message = {"to":["bob@example.com"],"subject":"Invoice 4711","text":"Hello","attachments":[{"name":"invoice.pdf","part":0}]}
and settings = {"accounts":{"main":{"transport":"smtp","server":{"host":"mail.example.com"},"auth":{"user":"...","password":"..."}}},
                "sender":{"address":"anna@example.com"},"send":{"account":"main"}}

STRINGS     Text goes in as zero-terminated UTF-8. Text that is not UTF-8 is refused, never guessed. Null is allowed only
            where a parameter is marked "or null". Text comes out through a postkontor_buf, which always has a zero byte
            behind its last byte, so that `data` is a C string.
OUT         `out` is the last parameter of every function that can fail. It may be null. The function never reads it, it
            only writes it, whatever the status: on POSTKONTOR_OK the result (JSON, "{}" where there is nothing to say),
            else the error (JSON). The caller gives it back with postkontor_buf_free; doing that twice does no harm.
OWNERSHIP   What goes in is borrowed for the duration of the call and never kept, with one exception: the callbacks and
            the `user` pointer given to postkontor_host_open are used until postkontor_host_close returns.
HANDLES     A handle is a ticket, not an address: a positive number of 32 bits, and a stale, doubly closed or foreign
            one gives an error, never a crash. Close what you open; closing a host closes its accounts, outboxes and
            messages.
ERRORS      {"status":5,"code":"auth.refused","args":{...},"message":"for the user, in the host's language","detail":"English, for
            support","transport":"smtp","stage":"login","delivery":"none|partial|complete|unknown","retry":"no|later|
            changed|refused_only","server":{"code":535,"enhanced":"5.7.8","text":"..."},"at":[{"pointer":"/to/0","of":
            "settings|request|message","code":"...","message":"..."}],"session":"usable|closed"}. `at` are the places that
            are wrong: JSON pointers into the settings document, the request or the message that was passed. Decide by
            status, show message, log all of it. More members come with time: ignore those you do not know. Codes are
            stable and listed in docs/codes.md.
THREADS     Everything runs on the thread that calls. Different accounts run in parallel, the functions of a host, too;
            a second call with the same account, outbox or message gets POSTKONTOR_BUSY at once. postkontor_cancel_fire may be
            called from any thread at any time. A child after fork() gets an error for every handle of its parent.
CALLBACKS   They run on the calling thread, only while the call lasts, with the caller's floating-point state. They may call
            Postkontor with other handles. A handle cannot be closed from inside its own call: POSTKONTOR_BUSY. No
            exception, longjmp or unwinding may leave a callback.
WAITING     While a call waits, progress is called at least every 100 ms; it may serve the window's messages, and stops the
            call with a value other than 0 (POSTKONTOR_CANCELLED). A postkontor_cancel stops it from any thread within
            200 ms, or at its deadline (POSTKONTOR_TIMEOUT). Without one, the default deadlines of the settings hold;
            nothing ever waits for ever.
THE HOST'S  Nothing of the process is changed: no signal handler, no locale, no working directory, no SIGPIPE, nothing on
PROCESS     standard output or error. Floating-point traps (Delphi) are masked inside and restored. The library stays
            loaded until the process ends, also after dlclose or FreeLibrary. A defect inside costs the call
            (POSTKONTOR_INTERNAL), never the process.
GROWTH      Functions, status numbers and JSON members are only added. postkontor_callbacks may grow at its end, therefore
            it begins with its size. postkontor_abi() tells which of it the library has.
*/

/* Generated from the Rust sources by `cargo xtask header`. Do not edit. */

#ifndef POSTKONTOR_H
#define POSTKONTOR_H

#include <stddef.h>
#include <stdint.h>

/* The calling convention: stdcall on 32-bit Windows, the platform's only one everywhere else. Callbacks have it, too. */
#if defined(_WIN32) && !defined(_WIN64)
#define POSTKONTOR_CALL __stdcall
#else
#define POSTKONTOR_CALL
#endif


/** The number of this C ABI: functions, statuses and callbacks that were added since raise it by one. */
#define POSTKONTOR_ABI 2
/** Status: done. */
#define POSTKONTOR_OK 0

/**
 * An argument is invalid. If `at` points into the message, a user has mistyped something, such as a recipient: show it. Else
 * the program is wrong: a null pointer, a stale handle, broken JSON, an unknown member of a request.
 */
#define POSTKONTOR_ARGUMENT 1
/** The settings are incomplete or contradictory. */
#define POSTKONTOR_SETTINGS 2
/** There is no such transport, or its plugin does not load. */
#define POSTKONTOR_TRANSPORT 3
/** The transport or the server cannot do what was asked. */
#define POSTKONTOR_UNSUPPORTED 4
/** The server refused the credentials, or offers no way to present them that the settings allow. */
#define POSTKONTOR_AUTH 5
/** No secure connection: a certificate, a protocol version, missing STARTTLS. */
#define POSTKONTOR_TLS 6
/** The server was not found, not reached, or the connection broke. */
#define POSTKONTOR_NETWORK 7
/** The deadline passed. */
#define POSTKONTOR_TIMEOUT 8
/** The caller stopped the call. */
#define POSTKONTOR_CANCELLED 9
/** The server refused for good; trying the same again is useless. */
#define POSTKONTOR_REFUSED 10
/** The server cannot now; later it may. */
#define POSTKONTOR_LATER 11
/** Some recipients were accepted, some not. */
#define POSTKONTOR_PARTIAL 12
/** The message may or may not have been delivered. Do not send it again without a human's decision. */
#define POSTKONTOR_UNCERTAIN 13
/** The thing named does not exist. */
#define POSTKONTOR_NOT_FOUND 14
/** The handle is in use by another call. */
#define POSTKONTOR_BUSY 15
/** A defect in Postkontor or in a plugin. */
#define POSTKONTOR_INTERNAL 16
/** Switched off by "enabled": false. */
#define POSTKONTOR_DISABLED 17
/** The server's answer makes no sense or exceeds a limit. */
#define POSTKONTOR_PROTOCOL 18
/** A file, disk or program on this machine. */
#define POSTKONTOR_LOCAL 19
/** Level of the log: something failed. */
#define POSTKONTOR_LOG_ERROR 1
/** Level of the log: something is not as it should be. */
#define POSTKONTOR_LOG_WARNING 2
/** Level of the log: something worth knowing. */
#define POSTKONTOR_LOG_INFORMATION 3
/** Level of the log: for support. */
#define POSTKONTOR_LOG_DEBUG 4
/** Level of the log: for the author. */
#define POSTKONTOR_LOG_TRACE 5
/** Action on a received message: leave it as it was. */
#define POSTKONTOR_KEEP 0
/** Action on a received message: mark it as seen. */
#define POSTKONTOR_SEEN 1
/** Action on a received message: delete it. */
#define POSTKONTOR_DELETE 2
/** Action on a received message: leave it as it was, and fetch no more. */
#define POSTKONTOR_STOP 3

/** An open account: its settings, and its connection once there is one. */
typedef struct postkontor_account postkontor_account;

/** A deadline, and a way to stop a call from another thread. */
typedef struct postkontor_cancel postkontor_cancel;

/** An open host: the loaded plugins, the language, the callbacks. */
typedef struct postkontor_host postkontor_host;

/** A message to read from. */
typedef struct postkontor_message postkontor_message;

/** An open outbox: a connection to its store, and the accounts by which it sends. */
typedef struct postkontor_outbox postkontor_outbox;

/** A result of a function. Give it back with postkontor_buf_free; never change it or free it otherwise. */
typedef struct postkontor_buf {
  /** The first byte. `data[len]` is always a zero byte. Null only after postkontor_buf_free. */
  const char *data;
  /** Number of bytes, without the zero byte behind them. */
  size_t len;
} postkontor_buf;

/** How a call ended: POSTKONTOR_OK, one of the other numbers above, or a newer one. */
typedef int32_t postkontor_status;

/**
 * Takes a line for the log. Levels are the POSTKONTOR_LOG_... numbers: what failed, with its code; what was weakened or
 * replaced (no TLS, a fallback); what was done; each step; the dialogue with the server. The line begins with the account that
 * it is about, and has no line breaks; time and level are the program's to add. Secrets never appear. Without this function
 * nothing is written, so that a log that is not read costs nothing.
 */
typedef void (POSTKONTOR_CALL *postkontor_log_fn)(void *user, int32_t level, const char *text);

/**
 * Tells how many bytes are done (0 of 0 where nothing is counted), at least every 100 ms. Returns 0 to go on; any other
 * value stops the call with POSTKONTOR_CANCELLED.
 */
typedef int32_t (POSTKONTOR_CALL *postkontor_progress_fn)(void *user, uint64_t done, uint64_t total);

/**
 * Fetches the secret that the settings call by name: {"password":{"secret":"name"}}. Writes at most `capacity` bytes of
 * UTF-8 to `value` and returns the length of the secret, or a negative number when there is none. When the length
 * exceeds `capacity`, nothing needs to be written: the function is called again with more room. `value` is wiped after use.
 */
typedef int32_t (POSTKONTOR_CALL *postkontor_secret_get_fn)(void *user, const char *name, char *value, int32_t capacity);

/** Keeps a secret, for example a renewed token. Returns 0 when it is kept. */
typedef int32_t (POSTKONTOR_CALL *postkontor_secret_put_fn)(void *user, const char *name, const char *value);

/**
 * Takes a step of a test as it ends, where the request says {"steps":true}: a JSON object like those of the report's "steps", of `size` bytes
 * without the zero byte behind them. The report has them all once more.
 */
typedef void (POSTKONTOR_CALL *postkontor_step_fn)(void *user, const char *json, size_t size);

/** The callbacks of the host's process. Each function may be null. */
typedef struct postkontor_callbacks {
  /** sizeof(postkontor_callbacks) as the caller was compiled. */
  size_t size;
  /** The first argument of each function below. */
  void *user;
  /** Takes lines for the log. */
  postkontor_log_fn log;
  /** Follows and stops a call. */
  postkontor_progress_fn progress;
  /** Fetches secrets. */
  postkontor_secret_get_fn secret_get;
  /** Keeps secrets. */
  postkontor_secret_put_fn secret_put;
  /** Takes the steps of a test. Structs of earlier programs end before it. */
  postkontor_step_fn step;
} postkontor_callbacks;

/** Bytes of an attachment, borrowed for the duration of the call. `data` may be null when `len` is 0. */
typedef struct postkontor_slice {
  /** The first byte. */
  const uint8_t *data;
  /** Number of bytes. */
  size_t len;
} postkontor_slice;

/**
 * Takes a message: its summary as JSON, and a handle that is valid until the function returns. Returns the action:
 * POSTKONTOR_KEEP, POSTKONTOR_SEEN, POSTKONTOR_DELETE or POSTKONTOR_STOP. The message is marked or deleted only after that.
 */
typedef int32_t (POSTKONTOR_CALL *postkontor_received_fn)(void *user, const char *summary, postkontor_message *message);

/** Takes the next `len` bytes. Returns 0 to go on; any other value stops the call with POSTKONTOR_CANCELLED. */
typedef int32_t (POSTKONTOR_CALL *postkontor_write_fn)(void *user, const uint8_t *data, size_t len);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/** The number of the C ABI that the library has; POSTKONTOR_ABI is the one the header has. */
int32_t POSTKONTOR_CALL postkontor_abi(void);

/** The version of the product, for example "1.2.0". A zero-terminated string that is never freed. */
const char *POSTKONTOR_CALL postkontor_version(void);

/**
 * Gives back what a function handed out, and sets it to null and 0. Null, an empty buffer, a second time and a buffer
 * that is not ours do no harm.
 */
void POSTKONTOR_CALL postkontor_buf_free(postkontor_buf *buf);

/**
 * Opens a host: finds the plugins, remembers language and callbacks. Touches no network.
 *
 * `config` is {"language":"de","plugins":["/absolute/folder"],"trust_environment":false,"pins":{"file name":"sha256:..."},
 * "log":{"file":"/absolute/file.log","level":"information","max_bytes":10485760,"keep":5},"protocol":false} or null; every
 * member may be left out. `log` writes a file without a callback, in which several processes may write: with `max_bytes` it
 * is put aside as file.log.1, and `keep` of those are kept; `level` (error, warning, information, debug, trace) also limits
 * what the callback gets. A file that cannot be written is reported to the callback once and is no error. With `protocol` the
 * error of a failed call holds its dialogue without secrets, as "transcript":["C: ...","S: ..."]. `callbacks` may be null; it is copied. A plugin that does not load is no error:
 * postkontor_host_transports tells why. `host` receives the handle, or null.
 */
postkontor_status POSTKONTOR_CALL postkontor_host_open(
    const char *config,
    const postkontor_callbacks *callbacks,
    postkontor_host **host,
    postkontor_buf *out);

/**
 * Closes a host and all that was opened with it. Once it returns POSTKONTOR_OK no callback is called any more.
 * POSTKONTOR_BUSY: the host, or something opened with it, is in use; nothing was closed.
 */
postkontor_status POSTKONTOR_CALL postkontor_host_close(postkontor_host *host, postkontor_buf *out);

/**
 * Lists the transports, also those whose plugin did not load:
 * [{"name","version","operations","file"}, {"file","error"}, ...]. "file" is missing where the transport is part of the library.
 * May be called by several threads at a time.
 */
postkontor_status POSTKONTOR_CALL postkontor_host_transports(
    postkontor_host *host,
    postkontor_buf *out);

/**
 * Describes the form for a transport's settings: {"schema","uischema","rjsf"}, texts in `language` ("de-AT") or, where that
 * is null, in the host's. An empty `transport` asks for the groups that belong to no account: sender, send, receive. Reserved
 * names ask for more than one transport: "account" (an account of any), "document" (the whole settings document), "layers" (the
 * same in its layers); or for what a call takes: "message" (the document of a message), and "receive", "list", "apply", "test",
 * "authorize" and "discover" (the request of the call of this name). May be called by several threads at a time.
 */
postkontor_status POSTKONTOR_CALL postkontor_host_schema(
    postkontor_host *host,
    const char *transport,
    const char *language,
    postkontor_buf *out);

/**
 * Checks a settings document without network: {"ok","version","problems":[{"pointer","code","message","severity","patch"}],"visible",
 * "settings","secrets","origin","certificates"}, and "migrated" where the document is of an older version. "certificates" has, by the pointer of the field that names a file,
 * {"subject","issuer","addresses","fingerprint","not_before","not_after","key","signs","encrypts"}; a file whose password is {"secret":"name"} is not opened for that. POSTKONTOR_OK means that it was checked; "ok" says whether it is good, but for warnings. May be called by several threads at a time.
 */
postkontor_status POSTKONTOR_CALL postkontor_host_check(
    postkontor_host *host,
    const char *settings,
    postkontor_buf *out);

/**
 * Finds settings for an e-mail address: known providers, DNS, autoconfig, Autodiscover, usual names. `address` is the address, or
 * a request, which begins with a brace: {"address","password","steps":{"table":true,"srv":true,"autoconfig":true,"database":true,
 * "mx":true,"autodiscover":true,"guess":true},"timeout_seconds":20,"dns":["192.0.2.1:53"],"proxy","ca_file","client_id"}; all but
 * the address may be left out. The answer is {"address","proposals":[{"settings","source","provider","confidence","reason","notes",
 * "tested"}, ...],"tried":[{"step","result","message"}, ...]}, best first; no proposal at all is POSTKONTOR_OK, too. `settings`
 * is a whole document, in which the password is a reference. With `password` (a text, or {"secret":"name"}) the best proposals
 * are tested, over verified TLS only, and `tested` is the report. Without a deadline it takes 20 seconds at most, or
 * `timeout_seconds`. `cancel` may be null. May be called by several threads at a time.
 */
postkontor_status POSTKONTOR_CALL postkontor_host_discover(
    postkontor_host *host,
    const char *address,
    postkontor_cancel *cancel,
    postkontor_buf *out);

/**
 * Opens an account of a settings document (or of its layers {"company","user","workstation"}). Touches no network.
 *
 * `id` names the account. Null: the one that sends (send.account, or the only one); list, receive and apply then use the one that
 * fetches (receive.account), where the document names one. `account` receives the handle, or null.
 */
postkontor_status POSTKONTOR_CALL postkontor_account_open(
    postkontor_host *host,
    const char *settings,
    const char *id,
    postkontor_account **account,
    postkontor_buf *out);

/**
 * Closes an account and its connection.
 */
postkontor_status POSTKONTOR_CALL postkontor_account_close(postkontor_account *account, postkontor_buf *out);

/**
 * Tries the settings step by step, and sends nothing unless asked to. POSTKONTOR_OK means that the test ran; what it found is
 * {"ok","elapsed_ms","steps":[{"step","status","status_number","code","message","advice","patch",...}],"transcript"}.
 *
 * `request` is {"loop":{"to":"..."},"steps":true} or null; `cancel` may be null. With "steps" the callback `step` gets each step as it ends.
 */
postkontor_status POSTKONTOR_CALL postkontor_account_test(
    postkontor_account *account,
    const char *request,
    postkontor_cancel *cancel,
    postkontor_buf *out);

/**
 * Gets a person's consent (OAuth 2.0), in two steps, where the settings have the grant device_code or authorization_code; for any other
 * the answer is POSTKONTOR_UNSUPPORTED. `cancel` may be null.
 *
 * `request` {"begin":true} answers at once with what to show: {"url","user_code","verification_url","expires_in_seconds","message"}.
 * "message" is a sentence in the host's language that says it all; "url" is what a program may open in a browser; with the grant
 * authorization_code there is no code, and the browser has to run on this machine.
 *
 * `request` {"finish":true} then waits for the person, as long as the consent may take, the deadline allows and the caller does not cancel (progress
 * is called); without a deadline for ten minutes. It answers {"account","user","scopes","expires_in_seconds","kept","message"}. The token
 * by which others are got goes to `secret_put`, under the name that /auth/oauth2/refresh_token refers to; "kept" says whether it is
 * there, and where not, the consent lasts as long as the account is open. After POSTKONTOR_TIMEOUT and POSTKONTOR_CANCELLED the wait
 * can be taken up again, as long as the browser has not come back. Both calls are for the same account handle.
 */
postkontor_status POSTKONTOR_CALL postkontor_account_authorize(
    postkontor_account *account,
    const char *request,
    postkontor_cancel *cancel,
    postkontor_buf *out);

/**
 * Sends a message, or several when `message` is a JSON array. The connection is kept for the next call.
 *
 * `message` is {"to":["..."],"subject":"...","text":"...","attachments":[{"name":"...","part":0},{"file":"/path"}]}; "part"
 * counts in `parts`, an array of `count` slices. `parts` may be null when `count` is 0; `cancel` may be null. With
 * `"append":{"folder":"<drafts>","flags":["draft","seen"],"keywords":["..."]}` the message is put into that folder of the account's mailbox
 * and not sent; its receipt has "filed":{"status","folder","message"} and no recipients.
 *
 * POSTKONTOR_OK: all of it went to all recipients; `out` is the receipt {"message_id","account","transport","recipients":[...]}, for
 * several messages {"results":[receipt or error,...]}. Its "sent_copy" says whether a copy was kept (settings: sent.copy); one that
 * failed changes no status. "warnings" of this and every other result, where there are any, are errors for information: the call went on,
 * and somebody should know. Of several messages the first one's receipt has them. POSTKONTOR_PARTIAL: "recipients" of the error says who got it and who did not.
 * POSTKONTOR_UNCERTAIN: the connection broke before the server's reply to the whole message; only a human may decide to send again, or,
 * with "append", whether the message is in the folder.
 */
postkontor_status POSTKONTOR_CALL postkontor_account_send(
    postkontor_account *account,
    const char *message,
    const postkontor_slice *parts,
    size_t count,
    postkontor_cancel *cancel,
    postkontor_buf *out);

/**
 * Lists folders, or the messages of one: `request` is null or {} for the folders, {"folder":"..."} for messages, {"folder":""}
 * for those of the settings' inbox; a POP3 mailbox has messages only. `cancel` may be null.
 *
 * The answer is {"folders":[{"name","delimiter","uses","selectable"},...]} or {"messages":[{"id","size",...},...]}.
 */
postkontor_status POSTKONTOR_CALL postkontor_account_list(
    postkontor_account *account,
    const char *request,
    postkontor_cancel *cancel,
    postkontor_buf *out);

/**
 * Fetches messages: `received` gets each of them with `user` and returns the action on it. It may be null: then "action" of the
 * request holds for all of them.
 *
 * `request` is {"folder":"...","state":"...","filter":{...},"max_messages":100,"max_bytes":0,"save_to":"/folder",
 * "action":"keep|seen|delete","summary":"full|none|structure","wait_seconds":0} or null, every member may be left out; with "summary":"none" a
 * message that is not saved is not read for its summary, which then says only what the server tells ("id", "size", ...): faster where
 * only the bytes are wanted. With "summary":"structure" the handle holds the headers, and the summary tells the parts as far as the server does;
 * {"message":"ID","section":"2.1","first_bytes":1000} fetches one message once more, one part of it, or the beginning of that. Neither marks,
 * deletes or counts as fetched, whatever `received` returns. With "wait_seconds" the call waits that long for new messages where there are none, or as long as its
 * deadline allows; nothing new in that time is POSTKONTOR_OK with no messages. `cancel` may be null. `out` is {"messages":[...],"state":"...","more":false}: give the state with the next request, and
 * only what is new is fetched. Messages that the server named and did not hand over are in "missing":[{"id":"...","error":{...}}], which is
 * left out where there are none; the next call tries them again. A message is marked or deleted only after `received` has returned; a crash in between fetches it again, never
 * loses it.
 */
postkontor_status POSTKONTOR_CALL postkontor_account_receive(
    postkontor_account *account,
    const char *request,
    postkontor_received_fn received,
    void *user,
    postkontor_cancel *cancel,
    postkontor_buf *out);

/**
 * Does something with messages, or with folders. `cancel` may be null.
 *
 * Messages: {"messages":["id",...],"action":"seen|unseen|answered|unanswered|flagged|unflagged|copy|move|delete","folder":"..."}, with
 * "folder" for copy and move, or {"messages":["id",...],"action":"keywords","add":["..."],"remove":["..."]}. The answer is
 * {"applied":["id",...],"missing":["id",...]} and, after copy and move, "new_ids":[{"id","new_id"},...] for those of which the server tells the id in
 * the other folder. POSTKONTOR_UNCERTAIN: the answer to a copy was lost, and to copy again may make a second one.
 *
 * Folders, one change after the other: {"folders":[{"create":"A/B"},{"rename":"A","to":"C"},{"delete":"D","with_messages":true},...]}. The answer is
 * {"folders":[{"created":"A/B"},{"renamed":"C"},{"deleted":"D"},...]}, with "found" for a folder that was there already. A folder with
 * messages is deleted only "with_messages", one with folders below it never, nor INBOX, nor one that the server or the settings need.
 *
 * What the transport cannot do is POSTKONTOR_UNSUPPORTED. An error that came after something was done has that as members of its own:
 * "applied", "missing" and "new_ids", or "folders".
 */
postkontor_status POSTKONTOR_CALL postkontor_account_apply(
    postkontor_account *account,
    const char *request,
    postkontor_cancel *cancel,
    postkontor_buf *out);

/**
 * Builds the MIME form of a message without sending it, for archives and previews. Bcc does not appear in it, unless it has "append".
 *
 * `sender` is the "sender" group of the settings, or null. `message`, `parts` and `count` are those of postkontor_account_send.
 * The bytes go to `write` with `user`, block by block, and `out` is {"size","message_id","from","recipients":[...]} and, where addresses were
 * put right, "repaired":[{"pointer","code","message","args":{"given","address"}}]; or, where
 * `write` is null, all of them go to `out`. The progress callback is asked meanwhile and may stop the call.
 *
 * A message may answer a mail, {"reply":{"part":0,"all":true,"quote":"text|html"},...}, or pass one on,
 * {"forward":{"part":0,"as":"inline|attachment"},...}: recipients, subject, references, quote and files come from that mail where they are
 * not given. The part is the slice that holds the raw mail; "file" with a path stands in its place. An answer to a mail that a program sent
 * gives "warnings" in `out`, a list of errors.
 */
postkontor_status POSTKONTOR_CALL postkontor_message_build(
    postkontor_host *host,
    const char *sender,
    const char *message,
    const postkontor_slice *parts,
    size_t count,
    postkontor_write_fn write,
    void *user,
    postkontor_buf *out);

/**
 * Opens a message to read from: the `len` bytes at `data`, which are copied, or, when `source` is {"file":"/path.eml"}, a file;
 * `source` may be null. The progress callback is asked meanwhile and may stop the call; "timeout_seconds" in `source` ends it as well.
 * With "smime":{"keys":[{"certificate","password"}],"ca_file","collect"} in `source`, as receive.smime in the settings, the message is
 * decrypted and its signature is verified; a password {"secret":"name"} comes from the secret callback. Where a file that is named there
 * cannot be used, the call fails with its pointer.
 * `message` receives the handle, or null; `out` the summary {"subject","from","to","date","text","html",
 * "parts":[{"name","type","size"}],...}. Every input is a message, if need be one without headers. A
 * message of Outlook's (.msg, or a winmail.dat) becomes MIME, and `size` and the bytes of the whole message are those of that.
 */
postkontor_status POSTKONTOR_CALL postkontor_message_open(
    postkontor_host *host,
    const char *source,
    const uint8_t *data,
    size_t len,
    postkontor_message **message,
    postkontor_buf *out);

/**
 * Reads a part of a message, decoded: `request` is {"part":0} in the order of the summary, or {"raw":true} for all of the
 * message as it came; with "file" it is saved there. Else the bytes go to `write` with `user`, block by block, so that a part of any size needs
 * little memory. In both cases `out` is {"size"}. Where `write` is null, too, `out` gets the bytes and nothing else: of an empty part none,
 * `len` is 0.
 */
postkontor_status POSTKONTOR_CALL postkontor_message_part(
    postkontor_message *message,
    const char *request,
    postkontor_write_fn write,
    void *user,
    postkontor_buf *out);

/**
 * Closes a message that postkontor_message_open opened.
 */
postkontor_status POSTKONTOR_CALL postkontor_message_close(postkontor_message *message, postkontor_buf *out);

/**
 * Opens the outbox that the settings document names: {"outbox":{"store":"sqlite:/path/outbox.db"}}, or "postgresql://..." where several machines
 * share it. Its store is made where there is none. `cancel` may be null; `outbox` receives the handle, or null.
 *
 * Open one for each thread that puts or works; they may be of the same store, in one program and in many. docs/outbox.md says what it promises.
 */
postkontor_status POSTKONTOR_CALL postkontor_outbox_open(
    postkontor_host *host,
    const char *settings,
    postkontor_cancel *cancel,
    postkontor_outbox **outbox,
    postkontor_buf *out);

/**
 * Closes an outbox and its connection. What was put stays where it is.
 */
postkontor_status POSTKONTOR_CALL postkontor_outbox_close(postkontor_outbox *outbox, postkontor_buf *out);

/**
 * Hands mail over. POSTKONTOR_OK: it is durable, and some worker sends it once; nothing was sent by this call.
 *
 * `mails` is {"message":{...},"account":"...","key":"...","queue":"...","not_before":"2026-12-01T06:00:00Z","give_up_at":"...","priority":5} or an array of
 * them, which is put as a whole or not at all. "message" is what postkontor_account_send takes; its parts count in `parts`, an array of `count` slices that the
 * mails share. All but "message" may be left out. "key" is the program's own name for the mail: put again, the same mail under the same key is found and not
 * put twice. Mails of one "queue" go out in the order in which they were put. Lower "priority" (0 to 9) first. `cancel` may be null.
 *
 * The answer is {"entries":[{"id","key","message_id","state","found"},...]}, in the order of the mails. Another mail under a known key is
 * POSTKONTOR_ARGUMENT, outbox.key_taken. POSTKONTOR_UNCERTAIN: the store broke off in the last moment; what has a key is to be put once more.
 */
postkontor_status POSTKONTOR_CALL postkontor_outbox_put(
    postkontor_outbox *outbox,
    const char *mails,
    const postkontor_slice *parts,
    size_t count,
    postkontor_cancel *cancel,
    postkontor_buf *out);

/**
 * Sends what is due, on the caller's thread: one worker. A program starts as many threads as it wants, each with an outbox of its own; every machine that
 * shares the store may do so.
 *
 * `request` is {"until":"empty|stopped","seconds":60,"max_mails":100,"accounts":["..."]} or null: until nothing is due. With "stopped" it waits for more
 * until it is cancelled. A `cancel` that fires, or progress that says so, ends it within two seconds: what is in flight is finished, and the answer is
 * POSTKONTOR_OK all the same. `cancel` may be null.
 *
 * The answer is {"sent","held","failed","later","left"}: how many mails went which way. An account whose server or login fails pauses and the others go on;
 * postkontor_outbox_query {"stats":true} says why.
 */
postkontor_status POSTKONTOR_CALL postkontor_outbox_work(
    postkontor_outbox *outbox,
    const char *request,
    postkontor_cancel *cancel,
    postkontor_buf *out);

/**
 * Says what became of mail. `request` asks by any of "ids", "key", "state", "states", "account", "queue", "message_id", "since" and "until", with "limit",
 * "after" (the cursor of the page before) and "order":"newest|oldest", or null for the newest. `cancel` may be null.
 *
 * The answer is {"entries":[{"id","account","state","message_id","created","attempts","recipients":[{"address","status"}]}],"next"}, where there are such with "key", "queue",
 * "next_try", "receipt" and "error"; "next" is given back as "after" where there are more. "state" is queued, sending, sent, held, failed, cancelled or bounced.
 * {"stats":true} answers {"stats":{"queued","sending","sent","held","failed","accounts"}}, the whole in numbers with the accounts that pause and why; {"test":true}
 * a report with the steps "store" and "queue".
 */
postkontor_status POSTKONTOR_CALL postkontor_outbox_query(
    postkontor_outbox *outbox,
    const char *request,
    postkontor_cancel *cancel,
    postkontor_buf *out);

/**
 * Decides about mail. `request` is {"action":"retry|cancel|resolve|resume|bounced","ids":["..."]} or, in place of "ids", "key". `cancel` may be null.
 *
 * "retry" sends what failed or waits at once; "cancel" takes back what has not begun. "resolve" settles what is held because it is not known whether it was
 * sent, with "as":"sent|send_again|failed". "resume" ends the pause of an "account". "bounced" ties a report to the mail that it is about: "summary" is that of
 * the report, as postkontor_account_receive gives it. The answer is {"entries":[...]} as they are now.
 */
postkontor_status POSTKONTOR_CALL postkontor_outbox_act(
    postkontor_outbox *outbox,
    const char *request,
    postkontor_cancel *cancel,
    postkontor_buf *out);

/**
 * Makes a token that stops calls: `deadline_ms` milliseconds from now, and when it is fired. 0: only when it is fired. It may
 * be given to several calls, one after the other or at a time; `cancel` receives the handle, or null.
 */
postkontor_status POSTKONTOR_CALL postkontor_cancel_new(
    int32_t deadline_ms,
    postkontor_cancel **cancel,
    postkontor_buf *out);

/**
 * Stops every call that has the token, now and later. From any thread, at any time.
 */
postkontor_status POSTKONTOR_CALL postkontor_cancel_fire(postkontor_cancel *cancel, postkontor_buf *out);

/**
 * Gives a token back. Calls that have it go on to its deadline.
 */
postkontor_status POSTKONTOR_CALL postkontor_cancel_free(postkontor_cancel *cancel, postkontor_buf *out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* POSTKONTOR_H */
