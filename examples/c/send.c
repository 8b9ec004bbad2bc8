/* Sends a mail with the least code there is.
 *
 *     send CONFIG SETTINGS MESSAGE
 *
 * All three are JSON texts. The part between the marks stands in README.md. */

#include "postkontor.h"

#include <stdio.h>

static int send_mail(const char *config, const char *settings, const char *message)
{
    /* README */
    postkontor_host *host = NULL;
    postkontor_account *account = NULL;
    postkontor_buf out = {NULL, 0};
    postkontor_status status = postkontor_host_open(config, NULL, &host, &out);
    if (status == POSTKONTOR_OK) { postkontor_buf_free(&out); status = postkontor_account_open(host, settings, NULL, &account, &out); }
    if (status == POSTKONTOR_OK) { postkontor_buf_free(&out); status = postkontor_account_send(account, message, NULL, 0, NULL, &out); }
    printf("%d %s\n", (int)status, out.data);      /* the receipt, or the error with a sentence for the user */
    postkontor_buf_free(&out);
    if (host) postkontor_host_close(host, NULL);   /* closes the account, too */
    return (int)status;
    /* README */
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: send CONFIG SETTINGS MESSAGE\n");
        return POSTKONTOR_ARGUMENT;
    }
    return send_mail(argv[1], argv[2], argv[3]);
}
