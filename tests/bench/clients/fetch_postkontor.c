/* Fetching with Postkontor, through its C ABI: one call, and a function that gets each message.
 *
 * Usage: fetch_postkontor PORT pop3|imap|pop3-summary|imap-summary|pop3-save|imap-save COUNT FILE; prints the seconds that
 * fetching took, connecting included. With "-summary" each message is read and its summary in JSON handed over, which is what
 * happens unless the request says otherwise; with "-save" it is also saved, in FILE.saved. The others get the bytes only, as the
 * libraries that are compared do.
 */
#include "work.h"
#include <postkontor.h>

static void check(postkontor_status status, postkontor_buf *out)
{
    if (status != POSTKONTOR_OK)
        work_fail("postkontor", out->data ? out->data : "no error text");
    postkontor_buf_free(out);
}

static int32_t POSTKONTOR_CALL received(void *user, const char *summary, postkontor_message *message)
{
    (void)message;
    *(unsigned *)user += summary[0] == '{';
    return POSTKONTOR_KEEP;
}

int main(int count, char **arguments)
{
    if (count < 4)
        work_fail("usage", "PORT WORKLOAD COUNT");
    char transport[5] = "";
    strncpy(transport, arguments[2], 4);
    char request[1024] = "{\"summary\":\"none\"}";
    if (strstr(arguments[2], "-summary"))
        strcpy(request, "{}");
    else if (strstr(arguments[2], "-save") && count > 4)
        snprintf(request, sizeof request, "{\"save_to\":\"%s.saved\"}", arguments[4]);
    postkontor_buf out;
    postkontor_host *host;
    check(postkontor_host_open("{}", NULL, &host, &out), &out);
    char settings[512];
    snprintf(settings, sizeof settings,
             "{\"accounts\":{\"in\":{\"transport\":\"%s\",\"server\":{\"host\":\"127.0.0.1\",\"port\":%s},\"tls\":{\"mode\":\"none\"},"
             "\"auth\":{\"method\":\"password\",\"user\":\"anna\",\"password\":\"secret\",\"allow_cleartext\":true}}},"
             "\"receive\":{\"account\":\"in\"}}",
             transport, arguments[1]);
    postkontor_account *account;
    check(postkontor_account_open(host, settings, "in", &account, &out), &out);

    double started = work_clock();
    unsigned messages = 0;
    check(postkontor_account_receive(account, request, received, &messages, NULL, &out), &out);
    printf("%.6f\n", work_clock() - started);
    if (messages != (unsigned)atoi(arguments[3]))
        work_fail("postkontor", "not all messages came");
    postkontor_account_close(account, NULL);
    postkontor_host_close(host, NULL);
    return 0;
}
