/* What the log tells a program in C of a test, a mail, a refused mail and a wrong password.
 *
 *     log SETTINGS.json FILE
 *
 * SETTINGS has one account, whose password the program gives: the one in PASSWORD, and at last another. The program leaves in FILE each
 * line that it was given, behind its level; the test that runs it looks at them. */

#include "postkontor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n%s\n", __LINE__, #condition, answer.data ? answer.data : ""); exit(1); } } while (0)

#define WRONG "Falsch-8"

struct program {
    FILE *lines;
    const char *password;
};

static postkontor_buf answer;

/* Keeps the answer of the last call only. */
static postkontor_status is(postkontor_status ended, postkontor_buf out)
{
    postkontor_buf_free(&answer);
    answer = out;
    return ended;
}

#define CALL(call) (status = (call), is(status, out))

static void POSTKONTOR_CALL log_line(void *user, int32_t level, const char *text)
{
    struct program *program = user;
    fprintf(program->lines, "%d %s\n", (int)level, text);
}

static int32_t POSTKONTOR_CALL secret(void *user, const char *name, char *value, int32_t capacity)
{
    struct program *program = user;
    size_t length = strlen(program->password);
    if (strcmp(name, "mail") != 0)
        return -1;
    if (length <= (size_t)capacity)
        memcpy(value, program->password, length);
    return (int32_t)length;
}

static postkontor_status send_to(postkontor_account *account, const char *to)
{
    postkontor_status status;
    postkontor_buf out;
    char message[200];
    snprintf(message, sizeof message, "{\"to\":[\"%s\"],\"text\":\"Guten Tag\"}", to);
    return CALL(postkontor_account_send(account, message, NULL, 0, NULL, &out));
}

int main(int argc, char **argv)
{
    struct program program = {NULL, getenv("PASSWORD")};
    postkontor_callbacks callbacks = {sizeof callbacks, &program, log_line, NULL, secret, NULL, NULL};
    postkontor_host *host = NULL;
    postkontor_account *account = NULL;
    postkontor_status status;
    postkontor_buf out;
    char settings[4000];
    size_t length;
    FILE *file;
    if (argc != 3 || !program.password || !(file = fopen(argv[1], "rb")))
        return 2;
    length = fread(settings, 1, sizeof settings - 1, file);
    settings[length] = 0;
    fclose(file);
    program.lines = fopen(argv[2], "wb");
    MUST(program.lines != NULL);

    MUST(CALL(postkontor_host_open("{\"language\":\"en\"}", &callbacks, &host, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_account_open(host, settings, NULL, &account, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_account_test(account, NULL, NULL, &out)) == POSTKONTOR_OK && strstr(answer.data, "\"ok\":true"));
    MUST(send_to(account, "b@example.com") == POSTKONTOR_OK);
    MUST(send_to(account, "refused@example.com") == POSTKONTOR_REFUSED);
    MUST(CALL(postkontor_account_close(account, &out)) == POSTKONTOR_OK);

    program.password = WRONG;
    MUST(CALL(postkontor_account_open(host, settings, NULL, &account, &out)) == POSTKONTOR_OK);
    MUST(send_to(account, "b@example.com") == POSTKONTOR_AUTH);
    MUST(CALL(postkontor_host_close(host, &out)) == POSTKONTOR_OK);
    postkontor_buf_free(&answer);
    fclose(program.lines);
    return 0;
}
