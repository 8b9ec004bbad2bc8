/* A mail opened, answered and passed on from C, and a bounce understood.
 *
 *     answer FOLDER
 *
 * FOLDER has mail.eml and bounce.eml; the program leaves reply.eml and forward.eml there, and the test that runs it looks at them. */

#include "postkontor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n%s\n", __LINE__, #condition, answer.data ? answer.data : ""); exit(1); } } while (0)

#define CALL(call) (status = (call), postkontor_buf_free(&answer), answer = out, status)

#define SENDER "{\"address\":\"orders@shop.example\"}"

static postkontor_buf answer;

static int32_t POSTKONTOR_CALL to_file(void *user, const uint8_t *data, size_t len)
{
    return fwrite(data, 1, len, user) == len ? 0 : 1;
}

/* Builds a message into a file of the folder. */
static void build(postkontor_host *host, const char *folder, const char *name, const char *message, const postkontor_slice *part)
{
    postkontor_status status;
    postkontor_buf out;
    char path[1000];
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "wb");
    MUST(file != NULL);
    MUST(CALL(postkontor_message_build(host, SENDER, message, part, part ? 1 : 0, to_file, file, &out)) == POSTKONTOR_OK);
    MUST(strstr(answer.data, "\"recipients\":") && !strstr(answer.data, "\"warnings\":"));
    fclose(file);
}

int main(int argc, char **argv)
{
    postkontor_host *host = NULL;
    postkontor_message *message = NULL;
    postkontor_status status;
    postkontor_buf out;
    postkontor_slice raw;
    char text[1200];
    if (argc != 2)
        return 2;
    MUST(CALL(postkontor_host_open("{\"language\":\"de\"}", NULL, &host, &out)) == POSTKONTOR_OK);

    snprintf(text, sizeof text, "{\"file\":\"%s/mail.eml\"}", argv[1]);
    MUST(CALL(postkontor_message_open(host, text, NULL, 0, &message, &out)) == POSTKONTOR_OK);
    MUST(strstr(answer.data, "\"subject\":\"AW: Prüfung\""));
    MUST(CALL(postkontor_message_part(message, "{\"raw\":true}", NULL, NULL, &out)) == POSTKONTOR_OK);
    /* The raw mail is the part that the answer names. */
    raw.data = (const uint8_t *)answer.data;
    raw.len = answer.len;
    answer.data = NULL;
    build(host, argv[1], "reply.eml", "{\"reply\":{\"part\":0,\"all\":true,\"quote\":\"text\"},\"text\":\"Danke\"}", &raw);
    out.data = (char *)raw.data;
    out.len = raw.len;
    postkontor_buf_free(&out);
    MUST(CALL(postkontor_message_close(message, &out)) == POSTKONTOR_OK);

    snprintf(text, sizeof text, "{\"forward\":{\"file\":\"%s/mail.eml\",\"as\":\"attachment\"},\"to\":\"dora@shop.example\",\"text\":\"Bitte\"}", argv[1]);
    build(host, argv[1], "forward.eml", text, NULL);

    snprintf(text, sizeof text, "{\"file\":\"%s/bounce.eml\"}", argv[1]);
    MUST(CALL(postkontor_message_open(host, text, NULL, 0, &message, &out)) == POSTKONTOR_OK);
    MUST(strstr(answer.data, "\"report\":{\"kind\":\"failure\"") && strstr(answer.data, "\"kind\":\"hard\""));
    MUST(CALL(postkontor_message_close(message, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_host_close(host, &out)) == POSTKONTOR_OK);
    postkontor_buf_free(&answer);
    return 0;
}
