/* A program in C that opens a message of Outlook's, takes the e-invoice out of it, and makes a meeting request.
 *
 *     enclosed LETTER.msg FOLDER
 *
 * The program leaves in FOLDER the XML of the invoice and the message of the request; the test that runs it looks at them. */

#include "postkontor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n%s\n", __LINE__, #condition, answer.data ? answer.data : ""); exit(1); } } while (0)

#define MEETING \
    "{\"from\":\"anna@example.com\",\"to\":\"berta@example.com\",\"text\":\"Guten Tag\",\"calendar\":\"BEGIN:VCALENDAR\\nVERSION:2.0\\nMETHOD:REQUEST\\n" \
    "BEGIN:VEVENT\\nUID:1\\nSUMMARY:Gespräch\\nDTSTART:20261201T090000Z\\nEND:VEVENT\\nEND:VCALENDAR\\n\"}"

static postkontor_buf answer;

/* Keeps the answer of the last call only. */
static postkontor_status is(postkontor_status ended, postkontor_buf out)
{
    postkontor_buf_free(&answer);
    answer = out;
    return ended;
}

#define CALL(call) (status = (call), is(status, out))

static int32_t POSTKONTOR_CALL to_file(void *user, const uint8_t *data, size_t len)
{
    return fwrite(data, 1, len, user) == len ? 0 : 1;
}

/* The number behind a text that stands behind another one. */
static int number_behind(const char *first, const char *then)
{
    const char *at = strstr(answer.data, first);
    MUST(at != NULL && (at = strstr(at, then)) != NULL);
    return atoi(at + strlen(then));
}

int main(int argc, char **argv)
{
    postkontor_host *host = NULL;
    postkontor_message *message = NULL;
    postkontor_status status;
    postkontor_buf out;
    char request[1200];
    FILE *file;
    int part;
    if (argc != 3)
        return 2;
    MUST(CALL(postkontor_host_open("{\"language\":\"en\"}", NULL, &host, &out)) == POSTKONTOR_OK);

    snprintf(request, sizeof request, "{\"file\":\"%s\"}", argv[1]);
    MUST(CALL(postkontor_message_open(host, request, NULL, 0, &message, &out)) == POSTKONTOR_OK);
    MUST(strstr(answer.data, "\"subject\":\"Rechnung für Šunka\"") != NULL);
    MUST(strstr(answer.data, "\"address\":\"anna@example.com\"") != NULL);
    part = number_behind("\"invoice\":{\"format\":\"factur-x\"", "\"part\":");
    snprintf(request, sizeof request, "{\"part\":%d,\"file\":\"%s/invoice.xml\"}", part, argv[2]);
    MUST(CALL(postkontor_message_part(message, request, NULL, NULL, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_message_close(message, &out)) == POSTKONTOR_OK);

    snprintf(request, sizeof request, "%s/meeting.eml", argv[2]);
    file = fopen(request, "wb");
    MUST(file != NULL);
    MUST(CALL(postkontor_message_build(host, NULL, MEETING, NULL, 0, to_file, file, &out)) == POSTKONTOR_OK);
    fclose(file);
    snprintf(request, sizeof request, "{\"file\":\"%s/meeting.eml\"}", argv[2]);
    MUST(CALL(postkontor_message_open(host, request, NULL, 0, &message, &out)) == POSTKONTOR_OK);
    MUST(strstr(answer.data, "\"calendar\":{\"method\":\"REQUEST\",\"uid\":\"1\",\"summary\":\"Gespräch\",\"start\":{\"time\":\"2026-12-01T09:00:00Z\"}") != NULL);
    MUST(CALL(postkontor_message_close(message, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_host_close(host, &out)) == POSTKONTOR_OK);
    postkontor_buf_free(&answer);
    return 0;
}
