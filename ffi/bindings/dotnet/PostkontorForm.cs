// What a form for settings, or for what a call takes, is drawn from (C# 6): the fields that PostkontorHost.Schema describes as a list in the order of the form, and
// how each of them stands by the answer of PostkontorHost.Check. examples/dotnet/SettingsForm.cs draws with them.

using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace Postkontor
{
    public enum PostkontorKind { Group, Text, Secret, Number, YesNo, Choice }

    /// <summary>A field, or a group of the fields that come after it.</summary>
    public sealed class PostkontorField
    {
        /// <summary>Where it stands in the settings that the form is for.</summary>
        public string Pointer { get; internal set; }
        public PostkontorKind Kind { get; internal set; }
        /// <summary>The group that it is in; null for none.</summary>
        public PostkontorField Group { get; internal set; }
        public string Title { get; internal set; }
        public string Description { get; internal set; }
        /// <summary>A form may hide it at first.</summary>
        public bool IsAdvanced { get; internal set; }
        /// <summary>Of a choice: each value as JSON, and what the user reads for it.</summary>
        public List<KeyValuePair<string, string>> Choices { get; internal set; }
        /// <summary>Its part of the schema, for everything else.</summary>
        public string Schema { get; internal set; }
        /// <summary>The orders on the way to it as one text, by which fields are sorted.</summary>
        internal string Key;
    }

    /// <summary>How a field stands.</summary>
    public sealed class PostkontorState
    {
        /// <summary>Whether it counts under the other settings; others are not to be shown.</summary>
        public bool IsVisible { get; internal set; }
        /// <summary>What is given, as text: empty for nothing, of a reference the name under which the secret is kept.</summary>
        public string Text { get; internal set; }
        public bool IsReference { get; internal set; }
        /// <summary>The place of what is given in the choices, -1 where it is none of them.</summary>
        public int Choice { get; internal set; }
        /// <summary>What applies where nothing is given, empty where nothing does: a value or a sentence.</summary>
        public string Default { get; internal set; }
        /// <summary>What is wrong; null for nothing.</summary>
        public string Problem { get; internal set; }
        /// <summary>Whether it is more than a warning.</summary>
        public bool IsError { get; internal set; }
        /// <summary>The merge patch of the document that mends it; null where none is known.</summary>
        public string Patch { get; internal set; }
        /// <summary>What was seen in the file that a field of a certificate names, as JSON: "subject", "not_before", "not_after",
        /// "fingerprint" and more; null for nothing.</summary>
        public string Certificate { get; internal set; }
    }

    public static class PostkontorForm
    {
        /// <summary>The groups and fields of `form`, which PostkontorHost.Schema gave, wherever in the schema they stand. A field that
        /// names an account has those of the document `settings` as its choices.</summary>
        public static List<PostkontorField> Fields(string form, string settings = null)
        {
            var fields = new List<PostkontorField>();
            AddGroup(fields, null, Json.At(form, "/schema"), settings);
            fields.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
            return fields;
        }

        /// <summary>How a field stands in the document `settings`, where its form is for what stands at the pointer `place`
        /// ("/accounts/office"), by the answer of PostkontorHost.Check to that document.</summary>
        public static PostkontorState State(PostkontorField field, string settings, string place, string answer)
        {
            var pointer = place + field.Pointer;
            var value = Json.At(settings, pointer);
            var secret = Json.At(value, "/secret");
            var given = Json.Plain(secret ?? value) ?? "null";
            var problem = Json.Items(Json.Member(answer, "problems")).Find(found =>
            {
                var where = Json.Member(found, "pointer") ?? "";
                return where == pointer || field.Kind != PostkontorKind.Group && where.StartsWith(pointer + "/", StringComparison.Ordinal);
            });
            var isGiven = given != "null" && field.Kind != PostkontorKind.Group;
            return new PostkontorState
            {
                // A group shows with its fields.
                IsVisible = Json.Items(Json.Member(answer, "visible")).Exists(shown => field.Kind == PostkontorKind.Group
                    ? shown.StartsWith(pointer + "/", StringComparison.Ordinal) : shown == pointer),
                Text = isGiven ? given : "",
                IsReference = secret != null,
                Choice = field.Choices.FindIndex(choice => Json.Plain(choice.Key) == given),
                Default = isGiven ? "" : Json.Plain(Json.At(answer, "/settings" + pointer)) ?? Json.Member(Json.At(answer, "/empty") ?? "", pointer) ?? "",
                Problem = problem == null ? null : Json.Member(problem, "message"),
                IsError = problem != null && Json.Member(problem, "severity") == "error",
                Patch = problem == null ? null : Json.Member(problem, "patch"),
                Certificate = Json.Member(Json.At(answer, "/certificates") ?? "", pointer),
            };
        }

        /// <summary>What was typed into a field as a JSON value: "null" for nothing, and a text where it is not the number that it should
        /// be, for PostkontorHost.Check to complain of.</summary>
        public static string Typed(PostkontorField field, string text, bool isReference = false)
        {
            if (text == "") return "null";
            if (field.Kind == PostkontorKind.Number && Regex.IsMatch(text, @"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\z")) return text;
            return isReference ? "{\"secret\":" + Json.Text(text) + "}" : Json.Text(text);
        }

        /// <summary>The innermost field that a pointer of the document leads into, as one of Check or of an error does; null where there
        /// is none.</summary>
        public static PostkontorField FieldAt(List<PostkontorField> fields, string place, string pointer)
        {
            return fields.FindLast(field => (pointer + "/").StartsWith(place + field.Pointer + "/", StringComparison.Ordinal));
        }

        /// <summary>The members of a group stand in "properties"; those that show under a condition, in its "then".</summary>
        private static void AddGroup(List<PostkontorField> fields, PostkontorField group, string schema, string settings)
        {
            AddMembers(fields, group, Json.At(schema, "/properties"), settings);
            AddMembers(fields, group, Json.At(schema, "/then/properties"), settings);
            foreach (var branch in Json.Items(Json.At(schema, "/allOf"))) AddMembers(fields, group, Json.At(branch, "/then/properties"), settings);
        }

        private static void AddMembers(List<PostkontorField> fields, PostkontorField group, string members, string settings)
        {
            foreach (var name in Json.Names(members))
            {
                var schema = Json.At(members, "/" + Json.Token(name));
                var pointer = (group == null ? "" : group.Pointer) + "/" + Json.Token(name);
                var field = fields.Find(found => found.Pointer == pointer);
                // A list of groups has no single field.
                var isNew = field == null && Json.Member(schema, "title") != null && Json.At(schema, "/items/properties") == null;
                if (isNew)
                {
                    int order;
                    if (!int.TryParse(Json.At(schema, "/x-postkontor/order"), out order)) order = 999999;
                    field = Described(schema, settings);
                    field.Pointer = pointer;
                    field.Group = group;
                    // Of equal orders the first comes first.
                    field.Key = string.Format("{0}/{1:D6}.{2:D6}", group == null ? "" : group.Key, order, fields.Count);
                    fields.Add(field);
                }
                // Of a group that is there already, these are more fields; a reference in the place of a secret is no group.
                if (field != null && field.Kind == PostkontorKind.Group) AddGroup(fields, field, schema, settings);
            }
        }

        /// <summary>A field as its schema has it.</summary>
        private static PostkontorField Described(string schema, string settings)
        {
            var choices = Json.At(schema, "/oneOf");
            var type = Json.At(schema, "/type") ?? "";
            var field = new PostkontorField
            {
                Schema = schema,
                Title = Json.Member(schema, "title"),
                Description = Json.Member(schema, "description") ?? "",
                IsAdvanced = Json.At(schema, "/x-postkontor/advanced") == "true",
                Choices = new List<KeyValuePair<string, string>>(),
            };
            if (Json.At(schema, "/properties") != null) field.Kind = PostkontorKind.Group;
            else if (Json.At(schema, "/x-postkontor/secret") == "true") field.Kind = PostkontorKind.Secret;
            else if (choices != null || Json.At(schema, "/x-postkontor/account") == "true" && !type.Contains("\"array\"")) field.Kind = PostkontorKind.Choice;
            else if (type.Contains("\"boolean\"")) field.Kind = PostkontorKind.YesNo;
            else if (type.Contains("\"integer\"") || type.Contains("\"number\"")) field.Kind = PostkontorKind.Number;
            else field.Kind = PostkontorKind.Text;
            if (field.Kind != PostkontorKind.Choice) return field;
            foreach (var choice in Json.Items(choices)) field.Choices.Add(new KeyValuePair<string, string>(Json.At(choice, "/const"), Json.Member(choice, "title")));
            if (choices != null) return field;
            field.Choices.Add(new KeyValuePair<string, string>("null", ""));
            foreach (var name in Json.Names(Json.At(settings, "/accounts"))) field.Choices.Add(new KeyValuePair<string, string>(Json.Text(name), name));
            return field;
        }
    }
}
