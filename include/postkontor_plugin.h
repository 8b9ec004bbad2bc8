/*
Postkontor transport plugins in C, or any language that can export a C function.

A plugin is a shared library with one exported symbol, postkontor_plugin_v1, that returns a table of four functions. The
host (Postkontor) loads it from the "plugins" folder beside its own library, or from a folder named in the host's
configuration, and never unloads it. examples/plugin-c is a complete one. This file never changes: new operations are
new `op` names of `call`, new facts are new members of the JSON that passes through it. docs/plugins.md lists both.

Strings     UTF-8, JSON where so stated, as pointer and length, without a closing zero byte.
Ownership   postkontor_plugin_bytes is borrowed for the duration of the call. A postkontor_plugin_buffer belongs to
            the side that filled it: the receiver reads it, then calls its `free` if that is not null.
Status      0 is success, the others are the POSTKONTOR_... numbers of postkontor.h. With any other status than 0 the
            function writes a JSON error to `out`: {"status":7,"code":"drop.unreachable","detail":"English words"}.
Threads     A session is used by one thread at a time, not always the same one. Different sessions run in parallel.
            A postkontor_plugin_host lives until the function that received it returns, on that thread only.
Waiting     Call `progress` at least every 100 ms while waiting, and end the call when it does not return 0.
Exceptions  No exception, panic or longjmp may leave a function of either side.
*/

/* Generated from the Rust sources by `cargo xtask header`. Do not edit. */

#ifndef POSTKONTOR_PLUGIN_H
#define POSTKONTOR_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define POSTKONTOR_PLUGIN_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define POSTKONTOR_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define POSTKONTOR_PLUGIN_EXPORT
#endif


/** The first member of every postkontor_plugin: the letters `PKPLUG` and the number of this ABI. */
#define POSTKONTOR_PLUGIN_MAGIC 0x504b504c55470001ULL
/** The stream through which events and their answers pass, each one JSON text; streams from 1 on carry messages. */
#define POSTKONTOR_PLUGIN_CONTROL_STREAM 0

/** Borrowed bytes, usually UTF-8 text. `data` may be null when `len` is 0. */
typedef struct postkontor_plugin_bytes {
  /** The first byte. */
  const uint8_t *data;
  /** Number of bytes. */
  size_t len;
} postkontor_plugin_bytes;

/** Bytes that the callee allocated for the caller, who gives them back through `free`. */
typedef struct postkontor_plugin_buffer {
  /** The first byte, or null when empty. */
  uint8_t *data;
  /** Number of bytes that are filled. */
  size_t len;
  /** For the owner's allocator; the receiver does not look at it. */
  size_t capacity;
  /** Gives the bytes back to their owner; null when there is nothing to give back. */
  void (*free)(struct postkontor_plugin_buffer *buffer);
} postkontor_plugin_buffer;

/** What the host offers a plugin during a call. */
typedef struct postkontor_plugin_host {
  /** Size of this struct in bytes. */
  size_t size;
  /** Belongs to the host; the first argument of every function below. */
  void *context;
  /** Hands a line of text to the host's log. Levels: 1 error, 2 warning, 3 information, 4 debug, 5 trace. */
  void (*log)(void *context, int32_t level, struct postkontor_plugin_bytes text);
  /**
   * Reports progress in bytes (0 of 0 where nothing is counted) and asks whether to go on: 0 yes, else the status to
   * end the call with (8 timeout, 9 cancelled). To be called at least every 100 ms while waiting.
   */
  int32_t (*progress)(void *context, uint64_t done, uint64_t total);
  /** Asks the host for a secret by name. */
  int32_t (*secret_get)(void *context, struct postkontor_plugin_bytes name, struct postkontor_plugin_buffer *value);
  /** Asks the host to keep a secret, for example a renewed refresh token. */
  int32_t (*secret_put)(void *context, struct postkontor_plugin_bytes name, struct postkontor_plugin_bytes value);
  /**
   * Reads the next bytes of a stream into `data`: their number, 0 at the end, or the negative status when the source
   * failed. A message whose source failed must not be completed.
   */
  int64_t (*read)(void *context, uint64_t stream, uint8_t *data, size_t len);
  /** Writes bytes to a stream: their number (always `len`), or the negative status when the sink failed. */
  int64_t (*write)(void *context, uint64_t stream, const uint8_t *data, size_t len);
} postkontor_plugin_host;

/** What a plugin offers. All functions are thread-safe as long as no two calls share a session. */
typedef struct postkontor_plugin {
  /** POSTKONTOR_PLUGIN_MAGIC. */
  uint64_t magic;
  /** Size of this struct in bytes. */
  size_t size;
  /**
   * Writes a JSON object that describes the plugin: `{"name","version","operations"}`, and, when the request says
   * `{"full":true}`, also `"schema"` (JSON Schema of the settings) and `"texts"` (texts by language).
   */
  int32_t (*describe)(struct postkontor_plugin_bytes request, struct postkontor_plugin_buffer *out);
  /**
   * Makes a session from `{"account","settings"}` without touching the network. On success `session` receives any
   * value but null; on failure `out` receives the JSON error.
   */
  int32_t (*open)(struct postkontor_plugin_bytes request,
                  const struct postkontor_plugin_host *host,
                  void **session,
                  struct postkontor_plugin_buffer *out);
  /** Performs the operation `op` with a JSON request; `out` receives the JSON result or the JSON error. */
  int32_t (*call)(void *session,
                  struct postkontor_plugin_bytes op,
                  struct postkontor_plugin_bytes request,
                  const struct postkontor_plugin_host *host,
                  struct postkontor_plugin_buffer *out);
  /** Ends a session that `open` made. Called exactly once for each. */
  void (*close)(void *session);
} postkontor_plugin;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/** What the plugin exports: its table, which lives as long as the library. */
POSTKONTOR_PLUGIN_EXPORT const struct postkontor_plugin *postkontor_plugin_v1(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* POSTKONTOR_PLUGIN_H */
