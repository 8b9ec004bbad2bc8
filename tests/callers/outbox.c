/* An outbox used from C by several threads, stopped, and closed at the wrong moment.
 *
 *     outbox SETTINGS.json
 *
 * Twenty mails are put while two threads work; each goes out once. The secrets are environment variables of the names that the settings give. */

#define _DEFAULT_SOURCE
#include "postkontor.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUST(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n%s\n", __LINE__, #condition, answer.data ? answer.data : ""); exit(1); } } while (0)

#define CALL(call) (status = (call), postkontor_buf_free(&answer), answer = out, status)

#define MAILS 20

static postkontor_host *host;
static char settings[5000];
static postkontor_status status;
static postkontor_buf answer;

static int32_t POSTKONTOR_CALL secret(void *user, const char *name, char *value, int32_t capacity)
{
    const char *found = getenv(name);
    size_t length = found ? strlen(found) : 0;
    (void)user;
    if (!found)
        return -1;
    if (length <= (size_t)capacity)
        memcpy(value, found, length);
    return (int32_t)length;
}

struct worker {
    pthread_t thread;
    postkontor_outbox *outbox;
    postkontor_cancel *stop;
    postkontor_status ended;
    char said[300];
};

/* Works until it is stopped, on a thread and an outbox of its own. */
static void *work(void *user)
{
    struct worker *worker = user;
    postkontor_buf out = {NULL, 0};
    /* The other thread may be asking whether this one has begun. */
    while ((worker->ended = postkontor_outbox_work(worker->outbox, "{\"until\":\"stopped\"}", worker->stop, &out)) == POSTKONTOR_BUSY)
        postkontor_buf_free(&out);
    snprintf(worker->said, sizeof worker->said, "%s", out.data);
    postkontor_buf_free(&out);
    return NULL;
}

static void read_settings(const char *name)
{
    FILE *file = fopen(name, "rb");
    size_t size;
    MUST(file != NULL);
    size = fread(settings, 1, sizeof settings - 1, file);
    MUST(size > 0 && size < sizeof settings - 1);
    fclose(file);
}

/* The number behind `"name":` in the last answer. */
static long number(const char *json, const char *name)
{
    char member[100];
    const char *place;
    snprintf(member, sizeof member, "\"%s\":", name);
    place = strstr(json, member);
    return place ? strtol(place + strlen(member), NULL, 10) : -1;
}

/* Twenty mails in two calls: one, and an array of the others that is put as a whole. */
static void put(postkontor_outbox *outbox)
{
    static char mails[20000];
    const char *const mail = "{\"message\":{\"to\":[\"b%d@example.com\"],\"subject\":\"n\",\"attachments\":[{\"name\":\"a.txt\",\"part\":0}]},\"key\":\"%d\"}";
    postkontor_slice part;
    postkontor_buf out;
    size_t length;
    int index;
    part.data = (const uint8_t *)"attached";
    part.len = 8;
    snprintf(mails, sizeof mails, mail, 0, 0);
    MUST(CALL(postkontor_outbox_put(outbox, mails, &part, 1, NULL, &out)) == POSTKONTOR_OK);
    MUST(strstr(answer.data, "\"found\":false"));
    length = (size_t)sprintf(mails, "[");
    for (index = 1; index < MAILS; index++)
        length += (size_t)sprintf(mails + length, mail, index, index) + (size_t)(index + 1 < MAILS ? sprintf(mails + strlen(mails), ",") : 0);
    sprintf(mails + length, "]");
    MUST(CALL(postkontor_outbox_put(outbox, mails, &part, 1, NULL, &out)) == POSTKONTOR_OK);
    /* What is wrong in one of them is pointed to, and none is put. */
    strcpy(mails, "[{\"message\":{\"to\":[\"b@example.com\"],\"text\":\"x\"}},{\"message\":{\"to\":[\"b\"]}}]");
    MUST(CALL(postkontor_outbox_put(outbox, mails, NULL, 0, NULL, &out)) == POSTKONTOR_ARGUMENT);
    MUST(strstr(answer.data, "\"pointer\":\"/1/message/to/0\""));
}

static void start(struct worker *worker)
{
    postkontor_buf out;
    MUST(CALL(postkontor_outbox_open(host, settings, NULL, &worker->outbox, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_cancel_new(0, &worker->stop, &out)) == POSTKONTOR_OK);
    MUST(pthread_create(&worker->thread, NULL, work, worker) == 0);
}

/* The mails that were sent so far. */
static long sent(postkontor_outbox *outbox)
{
    postkontor_buf out;
    MUST(CALL(postkontor_outbox_query(outbox, "{\"stats\":true}", NULL, &out)) == POSTKONTOR_OK);
    return number(answer.data, "sent");
}

/* While a worker works its outbox is busy, and so is its host. */
static void is_busy(struct worker *worker)
{
    postkontor_buf out;
    int tries;
    for (tries = 0; CALL(postkontor_outbox_query(worker->outbox, NULL, NULL, &out)) != POSTKONTOR_BUSY; tries++) {
        MUST(status == POSTKONTOR_OK && tries < 10000);
        /* Valgrind runs one thread at a time, and this one would keep the other from beginning. */
        usleep(10000);
    }
    MUST(CALL(postkontor_outbox_close(worker->outbox, &out)) == POSTKONTOR_BUSY);
    MUST(CALL(postkontor_host_close(host, &out)) == POSTKONTOR_BUSY);
}

int main(int argc, char **argv)
{
    postkontor_callbacks callbacks = {sizeof callbacks, NULL, NULL, NULL, secret, NULL, NULL};
    postkontor_outbox *outbox = NULL;
    struct worker workers[2];
    postkontor_buf out;
    int index;
    long total = 0;
    MUST(argc == 2);
    read_settings(argv[1]);
    memset(workers, 0, sizeof workers);
    MUST(CALL(postkontor_host_open("{\"language\":\"de\"}", &callbacks, &host, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_outbox_open(host, "{}", NULL, &outbox, &out)) == POSTKONTOR_SETTINGS);
    MUST(outbox == NULL && strstr(answer.data, "\"/outbox\""));
    MUST(CALL(postkontor_outbox_open(host, settings, NULL, &outbox, &out)) == POSTKONTOR_OK);
    for (index = 0; index < 2; index++)
        start(&workers[index]);
    is_busy(&workers[1]);
    put(outbox);
    /* A minute is far more than it takes, also under valgrind. */
    for (index = 0; sent(outbox) < MAILS && index < 600; index++)
        usleep(100000);
    MUST(sent(outbox) == MAILS);
    for (index = 0; index < 2; index++) {
        MUST(CALL(postkontor_cancel_fire(workers[index].stop, &out)) == POSTKONTOR_OK);
        MUST(pthread_join(workers[index].thread, NULL) == 0);
        if (workers[index].ended != POSTKONTOR_OK)
            fprintf(stderr, "%s\n", workers[index].said);
        MUST(workers[index].ended == POSTKONTOR_OK);
        total += number(workers[index].said, "sent");
        MUST(CALL(postkontor_cancel_free(workers[index].stop, &out)) == POSTKONTOR_OK);
    }
    MUST(total == MAILS);
    MUST(CALL(postkontor_outbox_act(outbox, "{\"action\":\"resolve\",\"key\":\"3\",\"as\":\"sent\"}", NULL, &out)) != POSTKONTOR_OK);
    MUST(strstr(answer.data, "outbox.not_held"));
    MUST(CALL(postkontor_outbox_close(workers[0].outbox, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_outbox_close(workers[0].outbox, &out)) == POSTKONTOR_ARGUMENT);
    /* The host closes what is still open. */
    MUST(CALL(postkontor_host_close(host, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_outbox_query(outbox, NULL, NULL, &out)) == POSTKONTOR_ARGUMENT);
    postkontor_buf_free(&answer);
    printf("held\n");
    return 0;
}
