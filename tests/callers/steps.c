/* The steps of a test as they end, from C.
 *
 *     steps SETTINGS
 *
 * SETTINGS is the document itself. Prints each step on a line of its own when it is told, and the report at the end. */

#include "postkontor.h"

#include <stdio.h>
#include <string.h>

static void POSTKONTOR_CALL take_step(void *user, const char *json, size_t size)
{
    if (strlen(json) != size) *(int *)user = 1;
    printf("%s\n", json);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    postkontor_callbacks callbacks = {sizeof callbacks, NULL, NULL, NULL, NULL, NULL, NULL};
    postkontor_host *host = NULL;
    postkontor_account *account = NULL;
    postkontor_buf out = {NULL, 0};
    postkontor_status status;
    int wrong = 0;
    if (argc != 2) return 2;
    callbacks.user = &wrong;
    callbacks.step = take_step;
    status = postkontor_host_open("{\"language\":\"de\"}", &callbacks, &host, &out);
    postkontor_buf_free(&out);
    if (status == POSTKONTOR_OK) status = postkontor_account_open(host, argv[1], NULL, &account, &out);
    if (status == POSTKONTOR_OK) {
        postkontor_buf_free(&out);
        status = postkontor_account_test(account, "{\"steps\":true}", NULL, &out);
    }
    printf("%s\n", out.data);
    postkontor_buf_free(&out);
    if (host) postkontor_host_close(host, NULL);
    return wrong ? 3 : (int)status;
}
