/* The work done with Postkontor, through its C ABI as an ERP would do it: each mail is a JSON text of its own.
 *
 * Usage: postkontor PORT small|attachment|file|batch|account|open|check COUNT [FILE]; prints the seconds that sending took, or that
 * opening the host took, or that checking a document of ten accounts COUNT times took. The plugins are in the folder plugins/ beside the library.
 */
#include "work.h"
#include <postkontor.h>

/* Mails handed over in one call in the workload "batch". */
#define BATCH 500
/* More than the JSON of one mail. */
#define MAIL_JSON 4096

static void check(postkontor_status status, postkontor_buf *out)
{
    if (status != POSTKONTOR_OK)
        work_fail("postkontor", out->data ? out->data : "no error text");
    postkontor_buf_free(out);
}

/* Writes the JSON of mail `number` and returns its length. */
static size_t compose(char *json, unsigned number, const char *attachments)
{
    char text[MAIL_JSON];
    work_text(text, number, "\\r\\n");
    return (size_t)snprintf(json, MAIL_JSON,
                            "{\"from\":\"Anna Adler <anna@example.com>\",\"to\":[\"Bruno Berg <bruno@example.org>\"],"
                            "\"subject\":\"Invoice %u\",\"text\":\"%s\"%s}",
                            number, text, attachments);
}

static void send_each(postkontor_account *account, unsigned first, unsigned mails, const char *attachments,
                      const postkontor_slice *parts, size_t count)
{
    static char json[MAIL_JSON];
    for (unsigned number = first; number < first + mails; number++) {
        postkontor_buf out;
        compose(json, number, attachments);
        check(postkontor_account_send(account, json, parts, count, NULL, &out), &out);
    }
}

static void send_batches(postkontor_account *account, unsigned mails)
{
    static char json[BATCH * MAIL_JSON];
    for (unsigned number = 0; number < mails;) {
        size_t used = 0;
        for (unsigned in_batch = 0; in_batch < BATCH && number < mails; in_batch++, number++) {
            json[used++] = in_batch ? ',' : '[';
            used += compose(json + used, number, "");
        }
        memcpy(json + used, "]", 2);
        postkontor_buf out;
        check(postkontor_account_send(account, json, NULL, 0, NULL, &out), &out);
    }
}

/* Sends each mail by an account opened for it: it connects with TLS, logs in, sends and quits. */
static void send_by_accounts(postkontor_host *host, const char *settings, unsigned mails)
{
    for (unsigned number = 0; number < mails; number++) {
        postkontor_account *account;
        postkontor_buf out;
        check(postkontor_account_open(host, settings, NULL, &account, &out), &out);
        send_each(account, number, 1, "", NULL, 0);
        postkontor_account_close(account, NULL);
    }
}

/* Checks a document of ten accounts again and again, as a form does that calls at every key, and prints the seconds. */
static int check_settings(postkontor_host *host, unsigned times)
{
    static const char *const transports[] = {"smtp", "imap", "pop3", "exchange-ews", "graph"};
    static char json[16384];
    size_t used = (size_t)snprintf(json, sizeof json, "{\"sender\":{\"address\":\"office@example.com\"},\"send\":{\"account\":\"a0\"},\"accounts\":{");
    for (unsigned number = 0; number < 10; number++) {
        const char *transport = transports[number % 5];
        used += (size_t)snprintf(json + used, sizeof json - used, "%s\"a%u\":{\"transport\":\"%s\",", number ? "," : "", number, transport);
        used += (size_t)snprintf(
            json + used, sizeof json - used, "%s",
            number % 5 < 3
                ? "\"server\":{\"host\":\"mail.example.com\",\"timeout_seconds\":30},\"tls\":{\"mode\":\"implicit\"},"
                  "\"auth\":{\"method\":\"plain\",\"user\":\"office@example.com\",\"password\":{\"secret\":\"office\"}}}"
                : "\"exchange\":{\"mailbox\":\"office@example.com\"},\"auth\":{\"method\":\"oauth2\",\"user\":\"office@example.com\","
                  "\"oauth2\":{\"access_token\":{\"secret\":\"token\"}}}}");
    }
    snprintf(json + used, sizeof json - used, "}}");
    double started = 0;
    for (unsigned time = 0; time <= times; time++) {
        // The first one opens the plugins.
        if (time == 1)
            started = work_clock();
        postkontor_buf out;
        postkontor_status status = postkontor_host_check(host, json, &out);
        if (status != POSTKONTOR_OK || !strstr(out.data, "\"ok\":true") || !strstr(out.data, "\"problems\":[]"))
            work_fail("the settings are not in order", out.data);
        postkontor_buf_free(&out);
    }
    printf("%.6f\n", work_clock() - started);
    return postkontor_host_close(host, NULL);
}

int main(int count, char **arguments)
{
    if (count < 4)
        work_fail("usage", "PORT WORKLOAD COUNT [FILE]");
    const char *workload = arguments[2];
    unsigned mails = (unsigned)atoi(arguments[3]);
    postkontor_buf out;

    double started = work_clock();
    postkontor_host *host;
    check(postkontor_host_open("{}", NULL, &host, &out), &out);
    if (strcmp(workload, "open") == 0) {
        // The host opens a plugin when it is needed; listing the transports needs all of them.
        check(postkontor_host_transports(host, &out), &(postkontor_buf){NULL, 0});
        double seconds = work_clock() - started;
        if (strstr(out.data, "\"error\"") || !strstr(out.data, "\"smtp\""))
            work_fail("plugins did not load", out.data);
        postkontor_buf_free(&out);
        printf("%.6f\n", seconds);
        return postkontor_host_close(host, NULL);
    }

    if (strcmp(workload, "check") == 0)
        return check_settings(host, mails);

    char settings[1024], security[512] = "\"tls\":{\"mode\":\"none\"},\"auth\":{\"method\":\"none\"}";
    if (strcmp(workload, "account") == 0 && count > 4)
        snprintf(security, sizeof security,
                 "\"tls\":{\"mode\":\"implicit\",\"ca_file\":\"%s\"},\"auth\":{\"method\":\"plain\",\"user\":\"anna\",\"password\":\"secret\"}",
                 arguments[4]);
    snprintf(settings, sizeof settings,
             "{\"accounts\":{\"out\":{\"transport\":\"smtp\",\"server\":{\"host\":\"127.0.0.1\",\"port\":%s},%s}},"
             "\"send\":{\"account\":\"out\"}}",
             arguments[1], security);
    postkontor_account *account;
    check(postkontor_account_open(host, settings, NULL, &account, &out), &out);

    started = work_clock();
    if (strcmp(workload, "small") == 0) {
        send_each(account, 0, mails, "", NULL, 0);
    } else if (strcmp(workload, "account") == 0) {
        send_by_accounts(host, settings, mails);
    } else if (strcmp(workload, "batch") == 0) {
        send_batches(account, mails);
    } else if (strcmp(workload, "attachment") == 0) {
        unsigned char *pdf = malloc(ATTACHMENT_BYTES);
        memset(pdf, 0xA5, ATTACHMENT_BYTES);
        postkontor_slice part = {pdf, ATTACHMENT_BYTES};
        send_each(account, 0, mails, ",\"attachments\":[{\"name\":\"invoice.pdf\",\"type\":\"application/pdf\",\"part\":0}]", &part, 1);
        free(pdf);
    } else if (strcmp(workload, "file") == 0 && count > 4) {
        char attachments[1024];
        snprintf(attachments, sizeof attachments,
                 ",\"attachments\":[{\"name\":\"invoice.pdf\",\"type\":\"application/pdf\",\"file\":\"%s\"}]", arguments[4]);
        send_each(account, 0, mails, attachments, NULL, 0);
    } else {
        work_fail("unknown workload", workload);
    }
    printf("%.6f\n", work_clock() - started);
    postkontor_account_close(account, NULL);
    postkontor_host_close(host, NULL);
    return 0;
}
