/* Fetches the mail of an account: each message with its attachments goes into a folder, and is then deleted at the server.
 *
 *     receive SETTINGS FOLDER
 *
 * SETTINGS is JSON text. Where the settings name several accounts, give postkontor_account_open the name of one. */

#include "postkontor.h"

#include <stdio.h>

/* All of the message lies in the folder when this is called: the summary tells its "file" and those of its "parts". The server
 * gets the returned action only after that; a program that is killed here gets the message again, under the same "id". */
static int32_t POSTKONTOR_CALL received(void *user, const char *summary, postkontor_message *message)
{
    (void)user, (void)message;
    return printf("%s\n", summary) > 0 ? POSTKONTOR_DELETE : POSTKONTOR_STOP;
}

/* Writes a path as a text of JSON, in which the backslashes of Windows would be escapes; whether there is room for it. */
static int quoted(char *json, size_t room, const char *path)
{
    size_t length = 0;
    for (; *path && length + 2 < room; path++) {
        if (*path == '\\' || *path == '"')
            json[length++] = '\\';
        json[length++] = *path;
    }
    json[length] = 0;
    return !*path;
}

int main(int argc, char **argv)
{
    postkontor_host *host = NULL;
    postkontor_account *account = NULL;
    postkontor_buf out = {NULL, 0};
    postkontor_status status;
    char folder[1000], request[1020];
    if (argc != 3 || !quoted(folder, sizeof folder, argv[2])) {
        fprintf(stderr, "usage: receive SETTINGS FOLDER\n");
        return POSTKONTOR_ARGUMENT;
    }
    sprintf(request, "{\"save_to\":\"%s\"}", folder);
    status = postkontor_host_open(NULL, NULL, &host, &out);
    if (status == POSTKONTOR_OK) { postkontor_buf_free(&out); status = postkontor_account_open(host, argv[1], NULL, &account, &out); }
    if (status == POSTKONTOR_OK) { postkontor_buf_free(&out); status = postkontor_account_receive(account, request, received, NULL, NULL, &out); }
    if (status != POSTKONTOR_OK)
        fprintf(stderr, "%d %s\n", (int)status, out.data);
    postkontor_buf_free(&out);
    if (host)
        postkontor_host_close(host, NULL);
    return (int)status;
}
