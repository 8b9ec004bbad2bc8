// Postkontor for .NET Framework 4.5 and newer, Mono and .NET (C# 6): test, send and fetch mail.
//
//     using (var host = new PostkontorHost("{\"language\":\"de\"}"))
//     using (var account = host.OpenAccount(settings))
//         receipt = account.Send(message, pdf);
//
// Settings, messages, requests and results are JSON texts; use the JSON library of your program for them. A failed call throws
// PostkontorException, which has the members of the JSON error as properties. include/postkontor.h is the manual of the functions
// behind it. The shared library (postkontor.dll, libpostkontor.so) is found where .NET looks for libraries.

using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace Postkontor
{
    /// <summary>How a call ended. Numbers that are not here come from a newer library.</summary>
    public enum PostkontorStatus
    {
        Ok = 0, Argument = 1, Settings = 2, Transport = 3, Unsupported = 4, Auth = 5, Tls = 6, Network = 7, Timeout = 8,
        Cancelled = 9, Refused = 10, Later = 11, Partial = 12, Uncertain = 13, NotFound = 14, Busy = 15, Internal = 16,
        Disabled = 17, Protocol = 18, Local = 19
    }

    /// <summary>What becomes of a fetched message.</summary>
    public enum PostkontorAction { Keep = 0, Seen = 1, Delete = 2, Stop = 3 }

    /// <summary>A call that failed. Decide by Status; Message is for the user, in the host's language.</summary>
    public sealed class PostkontorException : Exception
    {
        internal PostkontorException(int status, string json) : base(Json.Member(json, "message") ?? "status " + status)
        {
            Status = (PostkontorStatus)status;
            Json_ = json;
        }

        public PostkontorStatus Status { get; private set; }
        /// <summary>Stable, listed in docs/codes.md, for example "auth.refused".</summary>
        public string Code { get { return Json.Member(Json_, "code") ?? ""; } }
        /// <summary>English, for support.</summary>
        public string Detail { get { return Json.Member(Json_, "detail") ?? ""; } }
        /// <summary>"no", "later", "changed" or "refused_only".</summary>
        public string Retry { get { return Json.Member(Json_, "retry") ?? ""; } }
        /// <summary>"none", "partial", "complete" or "unknown".</summary>
        public string Delivery { get { return Json.Member(Json_, "delivery") ?? ""; } }
        /// <summary>All of it.</summary>
        public string ErrorJson { get { return Json_; } }

        private readonly string Json_;
    }

    /// <summary>What the program does for the host. Called on the thread that calls, only while the call lasts. An exception
    /// stops the call and is thrown where the call was made.</summary>
    public class PostkontorCallbacks
    {
        /// <summary>Takes a line for the log; levels are 1 error to 5 trace. Set it before the host is opened.</summary>
        public Action<int, string> Log;
        /// <summary>Learns bytes done and in total, at least every 100 ms while waiting; true stops the call.</summary>
        public Func<ulong, ulong, bool> Progress;
        /// <summary>Finds a secret by its name; null where there is none.</summary>
        public Func<string, string> GetSecret;
        /// <summary>Keeps a secret; false where it cannot.</summary>
        public Func<string, string, bool> PutSecret;
        /// <summary>Takes each step of a test as it ends, as JSON, where the request says {"steps":true}.</summary>
        public Action<string> Step;
    }

    /// <summary>Stops calls: at its deadline, or when it is fired, from any thread.</summary>
    public sealed class PostkontorCancel : IDisposable
    {
        internal readonly CancelHandle Handle;

        /// <summary>0: only when it is fired.</summary>
        public PostkontorCancel(int milliseconds = 0)
        {
            Buf output;
            Call.Take(Native.postkontor_cancel_new(milliseconds, out Handle, out output), ref output, null);
        }

        public void Fire()
        {
            Buf output;
            Call.Take(Native.postkontor_cancel_fire(Handle, out output), ref output, null);
        }

        public void Dispose() { Handle.Dispose(); }
    }

    /// <summary>The plugins, the language and the callbacks. Its functions may be called by several threads at a time.</summary>
    public sealed class PostkontorHost : IDisposable
    {
        internal readonly HostHandle Handle;

        public PostkontorHost(string config = "{}", PostkontorCallbacks callbacks = null)
        {
            var guard = new Guard(callbacks ?? new PostkontorCallbacks());
            var native = guard.Native();
            Buf output;
            var status = Native.postkontor_host_open(Text.In(config), ref native, out Handle, out output);
            // The delegates must live as long as the handle, not only as long as this object.
            Handle.Guard = guard;
            Call.Take(status, ref output, guard);
        }

        public string Transports()
        {
            Buf output;
            return Call.Take(Native.postkontor_host_transports(Handle, out output), ref output, Handle.Guard);
        }

        /// <summary>The form of a transport's settings; of "account", "document" or "layers"; or of what a call takes: "message", "receive",
        /// "list", "apply", "test", "authorize", "discover". Language null is the host's.</summary>
        public string Schema(string transport, string language = null)
        {
            Buf output;
            return Call.Take(Native.postkontor_host_schema(Handle, Text.In(transport), Text.In(language), out output), ref output, Handle.Guard);
        }

        public string Check(string settings)
        {
            Buf output;
            return Call.Take(Native.postkontor_host_check(Handle, Text.In(settings), out output), ref output, Handle.Guard);
        }

        public string Discover(string address, PostkontorCancel cancel = null)
        {
            Buf output;
            var status = Native.postkontor_host_discover(Handle, Text.In(address), Call.Token(cancel), out output);
            return Call.Take(status, ref output, Handle.Guard);
        }

        /// <summary>The bytes of a message, without sending it. `sender` is the group "sender" of the settings, or null.</summary>
        public byte[] Build(string message, string sender = null, params byte[][] parts)
        {
            Buf output;
            using (var slices = new Slices(parts))
            {
                var status = Native.postkontor_message_build(Handle, Text.In(sender), Text.In(message), slices.Array, slices.Count,
                    IntPtr.Zero, IntPtr.Zero, out output);
                return Call.TakeBytes(status, ref output, Handle.Guard);
            }
        }

        /// <summary>Opens the bytes of a message to read from; `smime`, as receive.smime of the settings, decrypts and verifies it.</summary>
        public PostkontorMessage OpenMessage(byte[] bytes, string smime = null)
        {
            return new PostkontorMessage(Handle, smime == null ? null : "{\"smime\":" + smime + "}", bytes);
        }

        /// <summary>Opens a file, likewise.</summary>
        public PostkontorMessage OpenMessage(string file, string smime = null)
        {
            return new PostkontorMessage(Handle, "{\"file\":" + Json.Text(file) + (smime == null ? "" : ",\"smime\":" + smime) + "}", new byte[0]);
        }

        /// <summary>Opens an account of a settings document; `id` null is the one that sends.</summary>
        public PostkontorAccount OpenAccount(string settings, string id = null) { return new PostkontorAccount(this, settings, id); }

        /// <summary>Opens the outbox of a settings document.</summary>
        public PostkontorOutbox OpenOutbox(string settings, PostkontorCancel cancel = null) { return new PostkontorOutbox(this, settings, cancel); }

        public void Dispose() { Handle.Dispose(); }
    }

    /// <summary>An account of a settings document. One thread at a time.</summary>
    public sealed class PostkontorAccount : IDisposable
    {
        private readonly AccountHandle handle;
        private readonly Guard guard;

        internal PostkontorAccount(PostkontorHost host, string settings, string id)
        {
            guard = host.Handle.Guard;
            Buf output;
            var status = Native.postkontor_account_open(host.Handle, Text.In(settings), Text.In(id), out handle, out output);
            if (status == 0) handle.Hold(host.Handle);
            Call.Take(status, ref output, guard);
        }

        /// <summary>The report. It throws only when the test could not run: look at "ok".</summary>
        public string Test(string request = null, PostkontorCancel cancel = null)
        {
            Buf output;
            return Call.Take(Native.postkontor_account_test(handle, Text.In(request), Call.Token(cancel), out output), ref output, guard);
        }

        /// <summary>Asks a person for consent (OAuth 2.0): {"begin":true} answers what to show, {"finish":true} waits for the consent.</summary>
        public string Authorize(string request = null, PostkontorCancel cancel = null)
        {
            Buf output;
            return Call.Take(Native.postkontor_account_authorize(handle, Text.In(request), Call.Token(cancel), out output), ref output, guard);
        }

        /// <summary>The receipt. "part" of an attachment counts in `parts`.</summary>
        public string Send(string message, params byte[][] parts) { return Send(message, null, parts); }

        public string Send(string message, PostkontorCancel cancel, params byte[][] parts)
        {
            Buf output;
            using (var slices = new Slices(parts))
            {
                var status = Native.postkontor_account_send(handle, Text.In(message), slices.Array, slices.Count, Call.Token(cancel), out output);
                return Call.Take(status, ref output, guard);
            }
        }

        public string List(string request = null, PostkontorCancel cancel = null)
        {
            Buf output;
            return Call.Take(Native.postkontor_account_list(handle, Text.In(request), Call.Token(cancel), out output), ref output, guard);
        }

        /// <summary>Fetches messages: `received` gets each of them and says what becomes of it; where it is null, "action" of the request
        /// does. A message for which it throws counts as not taken, no more are fetched, and the exception is thrown here.</summary>
        public string Receive(string request, Func<PostkontorMessage, PostkontorAction> received, PostkontorCancel cancel = null)
        {
            Received native = null;
            if (received != null) native = (user, summary, message) => guard.Run(() => Take(received, Text.Out(summary), message), (int)PostkontorAction.Stop);
            Buf output;
            var status = Native.postkontor_account_receive(handle, Text.In(request), native, IntPtr.Zero, Call.Token(cancel), out output);
            GC.KeepAlive(native);
            // Who finds the account in use leaves the state to the fetch that uses it. An error that came before the first message has none.
            // Who only looks, at one message or at structures, fetches nothing.
            var looks = Json.Member(request ?? "", "message") != null || Json.Member(request ?? "", "summary") == "structure";
            if (status != (int)PostkontorStatus.Busy && !looks)
                State = Json.Member(Call.TextOf(output), "state") ?? Json.Member(request ?? "", "state") ?? "";
            return Call.Take(status, ref output, guard);
        }

        /// <summary>What the next Receive is to be told as "state", so that only what is new comes; empty at first. To be kept after every
        /// Receive, also after one that threw: what was taken before stays taken.</summary>
        public string State { get; private set; } = "";

        private int Take(Func<PostkontorMessage, PostkontorAction> received, string summary, IntPtr message)
        {
            using (var borrowed = new PostkontorMessage(guard, summary, message))
            {
                var action = (int)received(borrowed);
                // An exception of another callback counts, too.
                return guard.HasCaught ? (int)PostkontorAction.Stop : action;
            }
        }

        public string Apply(string request, PostkontorCancel cancel = null)
        {
            Buf output;
            return Call.Take(Native.postkontor_account_apply(handle, Text.In(request), Call.Token(cancel), out output), ref output, guard);
        }

        public void Dispose() { handle.Dispose(); }
    }

    /// <summary>A message to read from: the one that Receive hands over, which is of no use any more when `received` returns, or one that
    /// the host opened. Parts count from 0 in the order of the summary's "parts".</summary>
    public sealed class PostkontorMessage : IDisposable
    {
        private readonly MessageHandle handle;
        private readonly Guard guard;

        internal PostkontorMessage(Guard guard, string summary, IntPtr borrowed)
        {
            this.guard = guard;
            Summary = summary;
            handle = new MessageHandle(borrowed);
        }

        internal PostkontorMessage(HostHandle host, string source, byte[] bytes)
        {
            guard = host.Guard;
            Buf output;
            var status = Native.postkontor_message_open(host, Text.In(source), bytes, (UIntPtr)(uint)bytes.Length, out handle, out output);
            if (status == 0) handle.Hold(host);
            Summary = Call.Take(status, ref output, guard);
        }

        /// <summary>What is known of it: {"id":"...","subject":"...","from":[...],"parts":[...]}.</summary>
        public string Summary { get; private set; }

        /// <summary>A member of the summary, null where it is missing: message["subject"].</summary>
        public string this[string member] { get { return Json.Member(Summary, member); } }

        /// <summary>What is known of each part: {"name":"...","type":"...","size":1}.</summary>
        public List<string> Parts { get { return Json.Items(this["parts"]); } }

        /// <summary>The message as it came.</summary>
        public byte[] Raw() { return Read("{\"raw\":true}"); }
        public void SaveTo(string file) { Read("{\"raw\":true,\"file\":" + Json.Text(file) + "}"); }

        /// <summary>A part, decoded.</summary>
        public byte[] Part(int index) { return Read("{\"part\":" + index + "}"); }
        public void SavePartTo(int index, string file) { Read("{\"part\":" + index + ",\"file\":" + Json.Text(file) + "}"); }

        public void Dispose() { handle.Dispose(); }

        private byte[] Read(string request)
        {
            Buf output;
            var status = Native.postkontor_message_part(handle, Text.In(request), IntPtr.Zero, IntPtr.Zero, out output);
            return Call.TakeBytes(status, ref output, guard);
        }
    }

    /// <summary>Where mail lies that goes out later, once (docs/outbox.md). One thread at a time; open one for each thread.</summary>
    public sealed class PostkontorOutbox : IDisposable
    {
        private readonly OutboxHandle handle;
        private readonly Guard guard;

        internal PostkontorOutbox(PostkontorHost host, string settings, PostkontorCancel cancel)
        {
            guard = host.Handle.Guard;
            Buf output;
            var status = Native.postkontor_outbox_open(host.Handle, Text.In(settings), Call.Token(cancel), out handle, out output);
            if (status == 0) handle.Hold(host.Handle);
            Call.Take(status, ref output, guard);
        }

        /// <summary>Hands over {"message":{...},"key":"..."}, or an array of such as a whole; when it returns they are durable. "part" of an
        /// attachment counts in `parts`.</summary>
        public string Put(string mails, params byte[][] parts) { return Put(mails, null, parts); }

        public string Put(string mails, PostkontorCancel cancel, params byte[][] parts)
        {
            Buf output;
            using (var slices = new Slices(parts))
            {
                var status = Native.postkontor_outbox_put(handle, Text.In(mails), slices.Array, slices.Count, Call.Token(cancel), out output);
                return Call.Take(status, ref output, guard);
            }
        }

        /// <summary>Sends what is due, on this thread: until nothing is, or with {"until":"stopped"} until `cancel` fires.</summary>
        public string Work(string request = null, PostkontorCancel cancel = null)
        {
            Buf output;
            return Call.Take(Native.postkontor_outbox_work(handle, Text.In(request), Call.Token(cancel), out output), ref output, guard);
        }

        /// <summary>What became of mail: {"key":"..."}, {"states":[...]}, {"stats":true}.</summary>
        public string Query(string request = null, PostkontorCancel cancel = null)
        {
            Buf output;
            return Call.Take(Native.postkontor_outbox_query(handle, Text.In(request), Call.Token(cancel), out output), ref output, guard);
        }

        /// <summary>Decides about mail: {"action":"resolve","ids":["..."],"as":"send_again"}.</summary>
        public string Act(string request, PostkontorCancel cancel = null)
        {
            Buf output;
            return Call.Take(Native.postkontor_outbox_act(handle, Text.In(request), Call.Token(cancel), out output), ref output, guard);
        }

        public void Dispose() { handle.Dispose(); }
    }

    /// <summary>A handle that closes itself. Tickets of the library are positive numbers of 32 bits.</summary>
    public abstract class PostkontorHandle : SafeHandle
    {
        private HostHandle host;

        protected PostkontorHandle(bool owns = true) : base(IntPtr.Zero, owns) { }
        public override bool IsInvalid { get { return handle == IntPtr.Zero; } }

        /// <summary>Keeps the host open until this is closed, in whatever order they are finalized.</summary>
        internal void Hold(HostHandle opened)
        {
            var held = false;
            opened.DangerousAddRef(ref held);
            if (held) host = opened;
        }

        protected void LetHostGo() { if (host != null) host.DangerousRelease(); }
    }

    public sealed class HostHandle : PostkontorHandle
    {
        internal Guard Guard;
        protected override bool ReleaseHandle() { return Native.postkontor_host_close(handle, IntPtr.Zero) == 0; }
    }

    public sealed class AccountHandle : PostkontorHandle
    {
        protected override bool ReleaseHandle()
        {
            var status = Native.postkontor_account_close(handle, IntPtr.Zero);
            LetHostGo();
            return status == 0;
        }
    }

    public sealed class MessageHandle : PostkontorHandle
    {
        internal MessageHandle() { }
        internal MessageHandle(IntPtr borrowed) : base(false) { SetHandle(borrowed); }

        protected override bool ReleaseHandle()
        {
            var status = Native.postkontor_message_close(handle, IntPtr.Zero);
            LetHostGo();
            return status == 0;
        }
    }

    public sealed class OutboxHandle : PostkontorHandle
    {
        protected override bool ReleaseHandle()
        {
            var status = Native.postkontor_outbox_close(handle, IntPtr.Zero);
            LetHostGo();
            return status == 0;
        }
    }

    public sealed class CancelHandle : PostkontorHandle
    {
        /// <summary>Stands for no token.</summary>
        internal static readonly CancelHandle None = new CancelHandle();
        protected override bool ReleaseHandle() { return Native.postkontor_cancel_free(handle, IntPtr.Zero) == 0; }
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Buf
    {
        internal IntPtr Data;
        internal UIntPtr Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Slice
    {
        internal IntPtr Data;
        internal UIntPtr Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct NativeCallbacks
    {
        internal UIntPtr Size;
        internal IntPtr User;
        internal Log Log;
        internal Progress Progress;
        internal SecretGet SecretGet;
        internal SecretPut SecretPut;
        internal Step Step;
    }

    internal delegate void Log(IntPtr user, int level, IntPtr text);
    internal delegate int Progress(IntPtr user, ulong done, ulong total);
    internal delegate int SecretGet(IntPtr user, IntPtr name, IntPtr value, int capacity);
    internal delegate int SecretPut(IntPtr user, IntPtr name, IntPtr value);
    internal delegate void Step(IntPtr user, IntPtr json, UIntPtr size);
    internal delegate int Received(IntPtr user, IntPtr summary, IntPtr message);

    /// <summary>Calls the program's functions; keeps their exceptions, which must not leave a callback, until the call is over.</summary>
    internal sealed class Guard
    {
        private readonly PostkontorCallbacks program;
        private readonly NativeCallbacks native;
        private readonly ThreadLocal<Exception> caught = new ThreadLocal<Exception>();

        internal Guard(PostkontorCallbacks callbacks)
        {
            program = callbacks;
            var log = callbacks.Log;
            native = new NativeCallbacks
            {
                Size = (UIntPtr)(uint)Marshal.SizeOf(typeof(NativeCallbacks)),
                // Null where the program has none, so that the library puts no lines together.
                Log = log == null ? (Log)null : (user, level, text) => Run(() => { log(level, Text.Out(text)); return 0; }, 0),
                Progress = (user, done, total) =>
                    caught.Value != null ? 1 : Run(() => program.Progress != null && program.Progress(done, total) ? 1 : 0, 1),
                SecretGet = (user, name, value, capacity) => Run(() => GiveSecret(name, value, capacity), -1),
                SecretPut = (user, name, value) =>
                    Run(() => program.PutSecret != null && program.PutSecret(Text.Out(name), Text.Out(value)) ? 0 : 1, 1),
                Step = (user, json, size) => Run(() => { if (program.Step != null) program.Step(Text.Out(json)); return 0; }, 0)
            };
        }

        internal NativeCallbacks Native() { return native; }

        internal int Run(Func<int> function, int otherwise)
        {
            try { return function(); }
            catch (Exception exception)
            {
                if (caught.Value == null) caught.Value = exception;
                return otherwise;
            }
        }

        internal bool HasCaught { get { return caught.Value != null; } }

        internal Exception TakeCaught()
        {
            var exception = caught.Value;
            caught.Value = null;
            return exception;
        }

        private int GiveSecret(IntPtr name, IntPtr value, int capacity)
        {
            var secret = program.GetSecret == null ? null : program.GetSecret(Text.Out(name));
            if (secret == null) return -1;
            var bytes = Encoding.UTF8.GetBytes(secret);
            if (bytes.Length <= capacity) Marshal.Copy(bytes, 0, value, bytes.Length);
            return bytes.Length;
        }
    }

    /// <summary>Attachments, pinned for the duration of a call.</summary>
    internal sealed class Slices : IDisposable
    {
        private readonly List<GCHandle> pinned = new List<GCHandle>();
        internal readonly Slice[] Array;
        internal UIntPtr Count { get { return (UIntPtr)(uint)Array.Length; } }

        internal Slices(byte[][] parts)
        {
            Array = new Slice[parts.Length];
            for (var index = 0; index < parts.Length; index++)
            {
                var pin = GCHandle.Alloc(parts[index], GCHandleType.Pinned);
                pinned.Add(pin);
                Array[index].Data = pin.AddrOfPinnedObject();
                Array[index].Length = (UIntPtr)(uint)parts[index].Length;
            }
        }

        public void Dispose()
        {
            foreach (var pin in pinned) pin.Free();
            pinned.Clear();
        }
    }

    internal static class Call
    {
        internal static CancelHandle Token(PostkontorCancel cancel) { return cancel == null ? CancelHandle.None : cancel.Handle; }

        internal static string Take(int status, ref Buf output, Guard guard)
        {
            return Encoding.UTF8.GetString(TakeBytes(status, ref output, guard));
        }

        internal static byte[] TakeBytes(int status, ref Buf output, Guard guard)
        {
            var bytes = BytesOf(output);
            Native.postkontor_buf_free(ref output);
            var caught = guard == null ? null : guard.TakeCaught();
            // As it was thrown, with its own stack.
            if (caught != null) ExceptionDispatchInfo.Capture(caught).Throw();
            if (status != 0) throw new PostkontorException(status, Encoding.UTF8.GetString(bytes));
            return bytes;
        }

        internal static string TextOf(Buf output) { return Encoding.UTF8.GetString(BytesOf(output)); }

        private static byte[] BytesOf(Buf output)
        {
            var bytes = new byte[(int)output.Length];
            Marshal.Copy(output.Data, bytes, 0, bytes.Length);
            return bytes;
        }
    }

    internal static class Text
    {
        /// <summary>Zero-terminated UTF-8; null stays null.</summary>
        internal static byte[] In(string text)
        {
            if (text == null) return null;
            if (text.IndexOf('\0') >= 0) throw new ArgumentException("the text has a zero character inside");
            return Encoding.UTF8.GetBytes(text + "\0");
        }

        internal static string Out(IntPtr text)
        {
            var length = 0;
            while (Marshal.ReadByte(text, length) != 0) length++;
            var bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }
    }

    /// <summary>As much of JSON as a program needs that has no library for it.</summary>
    public static class Json
    {
        /// <summary>A member of a JSON object: strings without quotes, everything else as it stands there, null where it is
        /// missing, also of an object that is missing itself.</summary>
        public static string Member(string json, string name)
        {
            var at = json == null ? 0 : json.IndexOf('{') + 1;
            while (at > 0 && at < json.Length)
            {
                at = json.IndexOf('"', at);
                if (at < 0) return null;
                var found = ReadString(json, ref at);
                at = json.IndexOf(':', at) + 1;
                while (at < json.Length && char.IsWhiteSpace(json[at])) at++;
                var value = ReadValue(json, ref at);
                if (found == name) return value;
            }
            return null;
        }

        /// <summary>The items of a JSON array, as Member gives members; none where it is no array.</summary>
        public static List<string> Items(string json)
        {
            var items = new List<string>();
            var at = json == null ? -1 : json.IndexOf('[');
            if (at != 0) return items;
            SkipSpace(json, ref at);
            while (at < json.Length && json[at] != ']')
            {
                items.Add(ReadValue(json, ref at));
                while (at < json.Length && json[at] != ',' && json[at] != ']') at++;
                if (at < json.Length && json[at] == ',') SkipSpace(json, ref at);
            }
            return items;
        }

        /// <summary>A text as JSON, with its quotes: "{\"folder\":" + Json.Text(name) + "}".</summary>
        public static string Text(string text)
        {
            var json = new StringBuilder("\"");
            foreach (var c in text)
            {
                if (c == '"' || c == '\\') json.Append('\\').Append(c);
                else if (c < ' ') json.Append("\\u").Append(((int)c).ToString("x4"));
                else json.Append(c);
            }
            return json.Append('"').ToString();
        }

        /// <summary>The names of the members of a JSON object, in their order.</summary>
        public static List<string> Names(string json)
        {
            return json != null && json.TrimStart().StartsWith("{", StringComparison.Ordinal) ? Members(json).ConvertAll(member => member.Key) : new List<string>();
        }

        /// <summary>The value at a JSON pointer (RFC 6901) as it stands there, strings with their quotes; null where there is none:
        /// Json.At(settings, "/accounts/office/server/port").</summary>
        public static string At(string json, string pointer)
        {
            foreach (var name in Tokens(pointer)) json = Members(json).Find(member => member.Key == name).Value;
            return json;
        }

        /// <summary>A JSON value as Member gives it: a string without its quotes, everything else as it stands there.</summary>
        public static string Plain(string value)
        {
            var at = 0;
            return value != null && value.StartsWith("\"", StringComparison.Ordinal) ? ReadString(value, ref at) : value;
        }

        /// <summary>A JSON document with a merge patch applied to it (RFC 7396): members are replaced, null removes them.</summary>
        public static string Merge(string json, string patch)
        {
            if (patch == null || !patch.TrimStart().StartsWith("{", StringComparison.Ordinal)) return patch;
            var merged = Names(json).Count == 0 ? new List<KeyValuePair<string, string>>() : Members(json);
            foreach (var change in Members(patch))
            {
                var at = merged.FindIndex(member => member.Key == change.Key);
                if (change.Value == "null") { if (at >= 0) merged.RemoveAt(at); }
                else if (at < 0) merged.Add(new KeyValuePair<string, string>(change.Key, Merge(null, change.Value)));
                else merged[at] = new KeyValuePair<string, string>(change.Key, Merge(merged[at].Value, change.Value));
            }
            return "{" + string.Join(",", merged.ConvertAll(member => Text(member.Key) + ":" + member.Value)) + "}";
        }

        /// <summary>A JSON document with another value at a pointer; "null" removes what is there. The objects on the way are made where
        /// they are missing.</summary>
        public static string Put(string json, string pointer, string value)
        {
            var names = Tokens(pointer);
            names.Reverse();
            foreach (var name in names) value = "{" + Text(name) + ":" + value + "}";
            return Merge(json, value);
        }

        /// <summary>A name as it stands in a JSON pointer: "~" and "/" have signs of their own there.</summary>
        public static string Token(string name) { return name.Replace("~", "~0").Replace("/", "~1"); }

        private static List<string> Tokens(string pointer)
        {
            var names = new List<string>((pointer ?? "").Split('/'));
            names.RemoveAt(0);
            return names.ConvertAll(name => name.Replace("~1", "/").Replace("~0", "~"));
        }

        /// <summary>The members of an object, or the items of an array under their numbers, as they stand there.</summary>
        private static List<KeyValuePair<string, string>> Members(string json)
        {
            var members = new List<KeyValuePair<string, string>>();
            json = (json ?? "").Trim();
            var isArray = json.StartsWith("[", StringComparison.Ordinal);
            if (json.Length < 2 || !isArray && json[0] != '{') return members;
            var at = 0;
            do
            {
                SkipSpace(json, ref at);
                if (at >= json.Length || json[at] == '}' || json[at] == ']') return members;
                var name = isArray ? members.Count.ToString() : ReadString(json, ref at);
                if (!isArray) at = json.IndexOf(':', Math.Min(at, json.Length));
                if (at < 0) return members;
                if (!isArray) SkipSpace(json, ref at);
                var start = at;
                ReadValue(json, ref at);
                members.Add(new KeyValuePair<string, string>(name, json.Substring(start, at - start).TrimEnd()));
                while (at < json.Length && char.IsWhiteSpace(json[at])) at++;
            }
            while (at < json.Length && json[at] == ',');
            return members;
        }

        /// <summary>Leaves the character at `at`, and the blanks behind it.</summary>
        private static void SkipSpace(string json, ref int at)
        {
            for (at++; at < json.Length && char.IsWhiteSpace(json[at]); at++) { }
        }

        private static string ReadString(string json, ref int at)
        {
            var text = new StringBuilder();
            for (at++; at < json.Length && json[at] != '"'; at++)
            {
                if (json[at] != '\\' || at + 1 >= json.Length) { text.Append(json[at]); continue; }
                at++;
                var place = "nrtbf".IndexOf(json[at]);
                if (place >= 0) text.Append("\n\r\t\b\f"[place]);
                else if (json[at] == 'u' && at + 4 < json.Length)
                {
                    text.Append((char)Convert.ToInt32(json.Substring(at + 1, 4), 16));
                    at += 4;
                }
                else text.Append(json[at]);
            }
            at++;
            return text.ToString();
        }

        private static string ReadValue(string json, ref int at)
        {
            if (at < json.Length && json[at] == '"') return ReadString(json, ref at);
            var start = at;
            for (var depth = 0; at < json.Length;)
            {
                var c = json[at];
                if (c == '"') { ReadString(json, ref at); continue; }
                if ((c == ',' || c == '}' || c == ']') && depth == 0) break;
                if (c == '{' || c == '[') depth++;
                if (c == '}' || c == ']') depth--;
                at++;
            }
            return json.Substring(start, at - start);
        }
    }

    internal static class Native
    {
        // No calling convention: the default is that of the library on every platform.
        private const string Library = "postkontor";

        [DllImport(Library)] internal static extern void postkontor_buf_free(ref Buf buf);
        [DllImport(Library)] internal static extern int postkontor_host_open(byte[] config, ref NativeCallbacks callbacks, out HostHandle host, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_host_close(IntPtr host, IntPtr output);
        [DllImport(Library)] internal static extern int postkontor_host_transports(HostHandle host, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_host_schema(HostHandle host, byte[] transport, byte[] language, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_host_check(HostHandle host, byte[] settings, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_host_discover(HostHandle host, byte[] address, CancelHandle cancel, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_account_open(HostHandle host, byte[] settings, byte[] id, out AccountHandle account, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_account_close(IntPtr account, IntPtr output);
        [DllImport(Library)] internal static extern int postkontor_account_test(AccountHandle account, byte[] request, CancelHandle cancel, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_account_authorize(AccountHandle account, byte[] request, CancelHandle cancel, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_account_send(AccountHandle account, byte[] message, Slice[] parts, UIntPtr count, CancelHandle cancel, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_account_list(AccountHandle account, byte[] request, CancelHandle cancel, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_account_receive(AccountHandle account, byte[] request, Received received, IntPtr user, CancelHandle cancel, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_account_apply(AccountHandle account, byte[] request, CancelHandle cancel, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_message_open(HostHandle host, byte[] source, byte[] data, UIntPtr length, out MessageHandle message, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_message_part(MessageHandle message, byte[] request, IntPtr write, IntPtr user, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_message_close(IntPtr message, IntPtr output);
        [DllImport(Library)] internal static extern int postkontor_message_build(HostHandle host, byte[] sender, byte[] message, Slice[] parts, UIntPtr count, IntPtr write, IntPtr user, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_outbox_open(HostHandle host, byte[] settings, CancelHandle cancel, out OutboxHandle outbox, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_outbox_close(IntPtr outbox, IntPtr output);
        [DllImport(Library)] internal static extern int postkontor_outbox_put(OutboxHandle outbox, byte[] mails, Slice[] parts, UIntPtr count, CancelHandle cancel, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_outbox_work(OutboxHandle outbox, byte[] request, CancelHandle cancel, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_outbox_query(OutboxHandle outbox, byte[] request, CancelHandle cancel, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_outbox_act(OutboxHandle outbox, byte[] request, CancelHandle cancel, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_cancel_new(int milliseconds, out CancelHandle cancel, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_cancel_fire(CancelHandle cancel, out Buf output);
        [DllImport(Library)] internal static extern int postkontor_cancel_free(IntPtr cancel, IntPtr output);
    }
}
