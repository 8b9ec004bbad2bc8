/*
 * The tour that `cargo xtask demo` gives: everything through the C ABI, as a program in C, Delphi or C# sees it.
 *
 *     demo SANDBOX PLUGINS [LANGUAGE]
 *
 * SANDBOX is the line of JSON that postkontor-sandbox prints, PLUGINS the folder with the plugins. Exits with 1 when anything
 * is not as it should be. JSON is read with the reader of examples/plugin-c.
 */
#include "json.h"
#include "pdf.h"
#include "postkontor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int wrong = 0;

/* Notes what is not as it should be; the tour goes on. */
static int expect(int true_as_promised, const char *what)
{
    if (!true_as_promised) {
        printf("   UNEXPECTED: %s\n", what);
        wrong = 1;
    }
    return true_as_promised;
}

static void heading(const char *text)
{
    static int number;
    printf("\n%d. %s\n%.*s\n\n", ++number, text, (int)strlen(text) + 3, "----------------------------------------------------------------");
}

static json_value parsed(const char *text, size_t len)
{
    return json_parse((const uint8_t *)text, len);
}

/* Follows names separated by '/'; numbers count elements. */
static json_value find(json_value of, const char *path)
{
    char name[128];
    while (*path) {
        size_t len = strcspn(path, "/");
        snprintf(name, sizeof name, "%.*s", (int)len, path);
        of = of.at && *of.at == '[' ? json_element(of, (size_t)strtoul(name, NULL, 10)) : json_member(of, name);
        path += len + (path[len] == '/');
    }
    return of;
}

/* The text at a path; empty when there is none. The last 16 answers stay valid. */
static const char *text_at(json_value of, const char *path)
{
    static char *kept[16];
    static unsigned next;
    char **place = &kept[next++ % 16];
    free(*place);
    *place = json_string(find(of, path));
    return *place ? *place : "";
}

static unsigned long number_at(json_value of, const char *path)
{
    return (unsigned long)json_number(find(of, path));
}

/* ---- 1. transports, 2. the form ---- */

static void show_transports(postkontor_host *host)
{
    postkontor_buf out;
    expect(postkontor_host_transports(host, &out) == POSTKONTOR_OK, "postkontor_host_transports");
    json_value list = parsed(out.data, out.len), entry;
    int smtp = 0;
    for (size_t i = 0; (entry = json_element(list, i)).at; i++) {
        if (find(entry, "error").at) {
            expect(0, text_at(entry, "error/message"));
            continue;
        }
        printf("   %-10s version %s:", text_at(entry, "name"), text_at(entry, "version"));
        for (size_t n = 0; json_element(find(entry, "operations"), n).at; n++) {
            char *operation = json_string(json_element(find(entry, "operations"), n));
            printf(" %s", operation ? operation : "");
            free(operation);
        }
        printf("\n");
        smtp |= strcmp(text_at(entry, "name"), "smtp") == 0;
    }
    expect(smtp, "the transport smtp is there");
    postkontor_buf_free(&out);
}

static void show_field(json_value properties, const char *name)
{
    json_value field = json_member(properties, name), choice;
    printf("      %-18s %s", name, text_at(field, "title"));
    for (size_t i = 0; (choice = json_element(find(field, "oneOf"), i)).at; i++)
        printf("%s%s", i ? ", " : ": ", text_at(choice, "const"));
    printf("%s\n", json_true(find(field, "writeOnly")) ? " (a secret)" : "");
}

static void show_form(postkontor_host *host, const char *language)
{
    static const struct {
        const char *group, *fields[4];
    } SHOWN[] = {{"server", {"host", "port", "timeout_seconds"}}, {"tls", {"mode", "verify"}}, {"auth", {"method"}}, {"smtp", {"ehlo"}}};
    postkontor_buf out;
    if (!expect(postkontor_host_schema(host, "smtp", language, &out) == POSTKONTOR_OK, "postkontor_host_schema")) {
        postkontor_buf_free(&out);
        return;
    }
    json_value groups = find(parsed(out.data, out.len), "schema/properties");
    for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++) {
        json_value group = json_member(groups, SHOWN[i].group), fields = find(group, "properties"), field;
        if (!expect(group.at != NULL, SHOWN[i].group))
            continue;
        printf("   %-21s %s\n", SHOWN[i].group, text_at(group, "title"));
        for (size_t n = 0; n < 4 && SHOWN[i].fields[n]; n++)
            if ((field = json_member(fields, SHOWN[i].fields[n])).at)
                show_field(fields, SHOWN[i].fields[n]);
    }
    json_value port = find(groups, "server/properties/port");
    expect(port.at != NULL, "the schema of the port");
    printf("\n   In JSON Schema, ready for a form generator, one field is\n      \"port\": %.*s\n", (int)(port.end - port.at), port.at);
    postkontor_buf_free(&out);
}

/* ---- 3. testing the settings ---- */

/* Opens the account of a settings document, or says why not. */
static postkontor_account *open_account(postkontor_host *host, const char *settings)
{
    postkontor_account *account = NULL;
    postkontor_buf out;
    if (!expect(postkontor_account_open(host, settings, NULL, &account, &out) == POSTKONTOR_OK, "postkontor_account_open"))
        printf("   %s\n", out.data);
    postkontor_buf_free(&out);
    return account;
}

static void show_step(json_value step)
{
    const char *status = text_at(step, "status");
    const char *sign = !strcmp(status, "ok") ? "✓" : !strcmp(status, "fail") ? "✗" : !strcmp(status, "warn") ? "!" : "·";
    char time[24] = "";
    if (number_at(step, "ms"))
        snprintf(time, sizeof time, "%lu ms", number_at(step, "ms"));
    printf("   %s %-13s %7s  %s", sign, text_at(step, "step"), time, text_at(step, "message"));
    if (!strcmp(status, "ok") && !strcmp(text_at(step, "step"), "tls"))
        printf(": TLS %s, %s, certificate of %s", text_at(step, "facts/version"), text_at(step, "facts/cipher"), text_at(step, "facts/matched/0"));
    if (!strcmp(status, "ok") && !strcmp(text_at(step, "step"), "login"))
        printf(": %s", text_at(step, "facts/mechanism"));
    printf("\n");
    expect(!strcmp(status, "ok") || strchr(text_at(step, "message"), ' '), "a sentence says what went wrong");
    json_value advice;
    for (size_t i = 0; (advice = json_element(find(step, "advice"), i)).at; i++) {
        char *sentence = json_string(advice);
        printf("                              → %s\n", sentence ? sentence : "");
        expect(sentence && strchr(sentence, ' '), "the advice is a sentence");
        free(sentence);
    }
    json_value patch = json_member(step, "patch");
    if (patch.at && *patch.at == '{')
        printf("                              settings patch that would repair it: %.*s\n", (int)(patch.end - patch.at), patch.at);
}

/* Runs a test. `code` is what its first failing step must say; NULL: all must be well. `whole`: shows the good steps, too. */
static void show_test(postkontor_host *host, const char *settings, const char *code, int whole)
{
    postkontor_account *account = open_account(host, settings);
    postkontor_buf out;
    if (!account)
        return;
    int ran = expect(postkontor_account_test(account, NULL, NULL, &out) == POSTKONTOR_OK, "postkontor_account_test");
    json_value report = parsed(out.data, out.len), step;
    char first[128] = "";
    for (size_t i = 0; ran && (step = json_element(find(report, "steps"), i)).at; i++) {
        int failed = strcmp(text_at(step, "status"), "fail") == 0;
        if (failed && !*first)
            snprintf(first, sizeof first, "%s", text_at(step, "code"));
        if (whole ? strcmp(text_at(step, "status"), "skipped") != 0 : failed)
            show_step(step);
    }
    expect(!strcmp(first, code ? code : ""), code ? code : "every step succeeds");
    expect(json_true(find(report, "ok")) == !code, "the verdict of the report");
    expect(!strstr(out.data, "Geheim-7"), "no secret in the report");
    if (whole)
        printf("   %lu ms in all\n", number_at(report, "elapsed_ms"));
    postkontor_buf_free(&out);
    postkontor_account_close(account, NULL);
}

/* ---- 4. sending, 5. what arrived ---- */

static const char MESSAGE[] =
    "{\"to\":[{\"name\":\"Jörg Müller\",\"address\":\"joerg@kunde.example\"}],\"bcc\":[\"archive@example.com\"],"
    "\"subject\":\"Rechnung 4711 für Müller & Söhne: 1.190,00 €\","
    "\"text\":\"Sehr geehrter Herr Müller,\\n\\nanbei unsere Rechnung.\\n\\nMit freundlichen Grüßen\\nAnna Šinkovec\","
    "\"attachments\":[{\"name\":\"Rechnung 4711 (Müller).pdf\",\"part\":0}]}";

static void send_invoice(postkontor_host *host, const char *settings, postkontor_slice pdf)
{
    postkontor_account *account = open_account(host, settings);
    postkontor_buf out;
    if (!account)
        return;
    if (!expect(postkontor_account_send(account, MESSAGE, &pdf, 1, NULL, &out) == POSTKONTOR_OK, "postkontor_account_send"))
        printf("   %s\n", out.data);
    json_value receipt = parsed(out.data, out.len), recipient;
    printf("   %lu bytes as <%s> in %lu ms\n", number_at(receipt, "size"), text_at(receipt, "message_id"), number_at(receipt, "elapsed_ms"));
    for (size_t i = 0; (recipient = json_element(find(receipt, "recipients"), i)).at; i++)
        printf("   %-24s %s: %lu %s\n", text_at(recipient, "address"), text_at(recipient, "status"), number_at(recipient, "code"),
               text_at(recipient, "text"));
    postkontor_buf_free(&out);
    postkontor_account_close(account, NULL);
}

static void show_arrived(postkontor_host *host, const char *folder, postkontor_slice pdf)
{
    postkontor_message *message = NULL;
    postkontor_buf out;
    json_text source = {0};
    char file[1024];
    snprintf(file, sizeof file, "%s/0001.eml", folder);
    json_write(&source, "{\"file\":");
    json_write_string(&source, file);
    json_write(&source, "}");
    char *request = calloc(source.len + 1, 1);
    if (request)
        memcpy(request, source.data, source.len);
    if (!expect(request && postkontor_message_open(host, request, NULL, 0, &message, &out) == POSTKONTOR_OK, "postkontor_message_open"))
        printf("   %s\n", out.data);
    json_value summary = parsed(out.data, out.len);
    printf("   From         %s <%s>\n", text_at(summary, "from/0/name"), text_at(summary, "from/0/address"));
    printf("   To           %s <%s>\n", text_at(summary, "to/0/name"), text_at(summary, "to/0/address"));
    printf("   Subject      %s\n", text_at(summary, "subject"));
    printf("   Attachment   %s, %s, %lu bytes\n", text_at(summary, "parts/0/name"), text_at(summary, "parts/0/type"), number_at(summary, "parts/0/size"));
    json_value sent = parsed(MESSAGE, sizeof MESSAGE - 1);
    expect(!strcmp(text_at(summary, "subject"), text_at(sent, "subject")), "the subject arrives as it was sent");
    expect(!strcmp(text_at(summary, "to/0/name"), text_at(sent, "to/0/name")), "the name arrives as it was sent");
    expect(!strcmp(text_at(summary, "parts/0/name"), text_at(sent, "attachments/0/name")), "the file name arrives as it was sent");
    expect(!find(summary, "bcc/0").at, "the BCC recipient is in no header");
    postkontor_buf_free(&out);
    if (expect(postkontor_message_part(message, "{\"part\":0}", NULL, NULL, &out) == POSTKONTOR_OK, "postkontor_message_part") &&
        expect(out.len == pdf.len && !memcmp(out.data, pdf.data, pdf.len), "the attachment arrives byte for byte"))
        printf("   The attachment is byte for byte the one that was sent.\n");
    postkontor_buf_free(&out);
    postkontor_message_close(message, NULL);
    free(request);
    free(source.data);
}

/* What a program sees that sends without having tested. */
static void show_refusal(postkontor_host *host, const char *settings, postkontor_slice pdf)
{
    postkontor_account *account = open_account(host, settings);
    postkontor_buf out;
    if (!account)
        return;
    postkontor_status status = postkontor_account_send(account, MESSAGE, &pdf, 1, NULL, &out);
    json_value error = parsed(out.data, out.len);
    expect(status == POSTKONTOR_AUTH && number_at(error, "status") == POSTKONTOR_AUTH, "sending ends with POSTKONTOR_AUTH");
    printf("\n   Sending ends with status %d and, for the program, code %s, delivery %s, retry %s;\n", (int)status, text_at(error, "code"),
           text_at(error, "delivery"), text_at(error, "retry"));
    printf("   the server's words: %lu %s\n", number_at(error, "server/code"), text_at(error, "server/text"));
    postkontor_buf_free(&out);
    postkontor_account_close(account, NULL);
}

/* ---- the tour ---- */

/* The settings for the sandbox; the caller frees them. */
static char *settings_for(json_value sandbox, unsigned long port, const char *mode, const char *password)
{
    json_text text = {0};
    json_write(&text, "{\"accounts\":{\"main\":{\"transport\":\"smtp\",\"server\":{\"host\":");
    json_write_string(&text, text_at(sandbox, "host"));
    json_write(&text, ",\"port\":");
    json_write_number(&text, port);
    json_write(&text, ",\"timeout_seconds\":10},\"tls\":{\"mode\":");
    json_write_string(&text, mode);
    json_write(&text, ",\"ca_file\":");
    json_write_string(&text, text_at(sandbox, "ca_file"));
    json_write(&text, "},\"auth\":{\"user\":");
    json_write_string(&text, text_at(sandbox, "user"));
    json_write(&text, ",\"password\":");
    json_write_string(&text, password);
    json_write(&text, "}}},\"sender\":{\"address\":\"anna@example.com\",\"name\":\"Anna Šinkovec\"},\"send\":{\"account\":\"main\"}}");
    char *settings = calloc(text.len + 1, 1);
    if (settings && text.data)
        memcpy(settings, text.data, text.len);
    free(text.data);
    return settings;
}

static postkontor_host *open_host(const char *plugins, const char *language)
{
    postkontor_host *host = NULL;
    postkontor_buf out;
    json_text config = {0};
    json_write(&config, "{\"plugins\":[");
    json_write_string(&config, plugins);
    json_write(&config, "],\"language\":");
    json_write_string(&config, language);
    json_write(&config, "}");
    char *text = calloc(config.len + 1, 1);
    if (text)
        memcpy(text, config.data, config.len);
    expect(text && postkontor_host_open(text, NULL, &host, &out) == POSTKONTOR_OK, "postkontor_host_open");
    postkontor_buf_free(&out);
    free(config.data);
    free(text);
    return host;
}

int main(int argc, char **argv)
{
    static const char *const LINES[] = {"Rechnung 4711", "M\xfcller & S\xf6hne", "Summe: 1.190,00 EUR"};
    if (argc < 3) {
        fprintf(stderr, "usage: demo SANDBOX PLUGINS [LANGUAGE]\n");
        return 2;
    }
    const char *language = argc > 3 ? argv[3] : "en";
    json_value sandbox = parsed(argv[1], strlen(argv[1]));
    postkontor_host *host = open_host(argv[2], language), *german = open_host(argv[2], "de");
    size_t size = 0;
    unsigned char *pdf = pdf_make(LINES, sizeof LINES / sizeof *LINES, &size);
    postkontor_slice invoice = {pdf, size};
    char *good = settings_for(sandbox, number_at(sandbox, "port"), "starttls", text_at(sandbox, "password"));
    char *password = settings_for(sandbox, number_at(sandbox, "port"), "starttls", "guessed");
    char *expired = settings_for(sandbox, number_at(sandbox, "expired_port"), "implicit", text_at(sandbox, "password"));
    char *closed = settings_for(sandbox, number_at(sandbox, "closed_port"), "starttls", text_at(sandbox, "password"));
    if (!host || !german || !pdf || !good || !password || !expired || !closed)
        return 1;

    printf("Postkontor %s, called from C. The mail server is a sandbox on this machine.\n", postkontor_version());
    heading("The transports, each of them a plugin");
    show_transports(host);
    heading("The settings form of smtp, shortened");
    show_form(host, language);
    heading("The settings are tested, step by step");
    show_test(host, good, NULL, 1);
    heading("An invoice goes out");
    send_invoice(host, good, invoice);
    heading("What arrived");
    show_arrived(host, text_at(sandbox, "folder"), invoice);
    heading("What a wrong password looks like");
    show_test(host, password, "auth.refused", 0);
    show_refusal(host, password, invoice);
    heading("What an expired certificate looks like");
    show_test(host, expired, "tls.certificate_expired", 0);
    heading("What a closed port looks like");
    show_test(host, closed, "net.refused", 0);
    heading("The same three in German");
    show_test(german, password, "auth.refused", 0);
    show_test(german, expired, "tls.certificate_expired", 0);
    show_test(german, closed, "net.refused", 0);

    expect(postkontor_host_close(host, NULL) == POSTKONTOR_OK && postkontor_host_close(german, NULL) == POSTKONTOR_OK, "postkontor_host_close");
    free(good);
    free(password);
    free(expired);
    free(closed);
    free(pdf);
    printf("\n%s\n", wrong ? "Something was not as it should be." : "Everything was as it should be.");
    return wrong;
}
