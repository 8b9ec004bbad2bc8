/* A mailbox used from C, from listing to filing.
 *
 *     mailbox SETTINGS.json FOLDER imap|pop3|exchange-ews
 *
 * SETTINGS has the accounts "inbox", with messages whose subjects say what becomes of them, and "full", which has no room for what is sent.
 * The program leaves in FOLDER what it was given; the test that runs it compares that with what the server has, before and after. */

#define _DEFAULT_SOURCE
#include "postkontor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUST(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n%s\n", __LINE__, #condition, answer.data ? answer.data : ""); exit(1); } } while (0)

#define FILED "Ablage/Größe"

static postkontor_host *host;
static postkontor_account *account;
static postkontor_status status;
static postkontor_buf answer;
static postkontor_message *last;   /* the handle of the message before, which is of no use any more */
static const char *folder;
static int count;                  /* messages of this fetch */
static int stopping;               /* whether progress stops the call */
static char ids[5][400];           /* of: keep, seen, delete, stop, after */
static char subjects[200];         /* of this fetch, one after the other */
static char state[20000];

static const char *const WORDS[5] = {"keep", "seen", "delete", "stop", "after"};

/* Keeps the answer of the last call only. */
static postkontor_status is(postkontor_status ended, postkontor_buf out)
{
    postkontor_buf_free(&answer);
    answer = out;
    return ended;
}

#define CALL(call) (status = (call), is(status, out))

/* Copies the text behind `before` up to the next quote. */
static void text_behind(const char *json, const char *before, char *into, size_t room)
{
    const char *from = strstr(json, before);
    size_t length;
    MUST(from != NULL);
    from += strlen(before);
    length = strcspn(from, "\"");
    MUST(length < room);
    memcpy(into, from, length);
    into[length] = 0;
}

static int32_t POSTKONTOR_CALL to_file(void *user, const uint8_t *data, size_t len)
{
    return fwrite(data, 1, len, user) == len ? 0 : 1;
}

static int32_t POSTKONTOR_CALL to_nowhere(void *user, const uint8_t *data, size_t len)
{
    (void)data, (void)len;
    ++*(int *)user;
    return 1;
}

/* Reads from the message block by block into FOLDER/word.ending. */
static void read_into(postkontor_message *message, const char *request, const char *word, const char *ending)
{
    postkontor_buf out;
    char name[1000];
    FILE *file;
    snprintf(name, sizeof name, "%s/%s.%s", folder, word, ending);
    file = fopen(name, "wb");
    MUST(file != NULL);
    MUST(CALL(postkontor_message_part(message, request, to_file, file, &out)) == POSTKONTOR_OK);
    MUST(strstr(answer.data, "\"size\":") != NULL);
    fclose(file);
}

/* Has the library save something of the message as FOLDER/word.ending. */
static void save(postkontor_message *message, const char *what, const char *word, const char *ending)
{
    postkontor_buf out;
    char request[1200];
    snprintf(request, sizeof request, "{%s,\"file\":\"%s/%s.%s\"}", what, folder, word, ending);
    MUST(CALL(postkontor_message_part(message, request, NULL, NULL, &out)) == POSTKONTOR_OK);
}

static int word_of(const char *summary)
{
    int word;
    char subject[100];
    for (word = 0; word < 5; word++) {
        snprintf(subject, sizeof subject, "\"subject\":\"Prüfung: %s\"", WORDS[word]);
        if (strstr(summary, subject))
            return word;
    }
    fprintf(stderr, "%s\n", summary);
    exit(1);
}

/* What every fetch does with a message: keeps its summary, its id and its bytes. */
static int take(const char *summary, postkontor_message *message)
{
    int word = word_of(summary);
    char name[1000];
    FILE *file;
    count++;
    strcat(strcat(subjects, WORDS[word]), " ");
    text_behind(summary, "\"id\":\"", ids[word], sizeof ids[word]);
    snprintf(name, sizeof name, "%s/%s.json", folder, WORDS[word]);
    file = fopen(name, "wb");
    MUST(file != NULL && fputs(summary, file) >= 0);
    fclose(file);
    read_into(message, "{\"raw\":true}", WORDS[word], "eml");
    last = message;
    return word;
}

/* The first fetch: reads parts, and answers what the subject says. */
static int32_t POSTKONTOR_CALL first(void *user, const char *summary, postkontor_message *message)
{
    postkontor_buf out;
    int word = take(summary, message), blocks = 0;
    MUST(user == &count);
    if (word == 0) {
        save(message, "\"raw\":true", "keep", "raw");
        read_into(message, "{\"part\":0}", "keep", "part");
        save(message, "\"part\":0", "keep", "saved");
        MUST(CALL(postkontor_message_part(message, "{\"part\":0}", to_nowhere, &blocks, &out)) == POSTKONTOR_CANCELLED && blocks == 1);
        MUST(CALL(postkontor_message_part(message, "{\"part\":9}", NULL, NULL, &out)) == POSTKONTOR_NOT_FOUND);
        MUST(CALL(postkontor_message_part(message, "{\"part\":0,\"file\":\"/does/not/exist\"}", NULL, NULL, &out)) == POSTKONTOR_LOCAL);
        return POSTKONTOR_KEEP;
    }
    return word == 1 ? POSTKONTOR_SEEN : word == 2 ? POSTKONTOR_DELETE : POSTKONTOR_STOP;
}

/* C has no exceptions: an action that does not exist is the nearest to a program that failed. */
static int32_t POSTKONTOR_CALL failing(void *user, const char *summary, postkontor_message *message)
{
    (void)user;
    take(summary, message);
    return 4711;
}

#define EMPTY "Subject: x\nContent-Disposition: attachment; filename=a.txt\n\n"

/* An empty part is no bytes, by every door; JSON comes only where the bytes go elsewhere. */
static void empty_part(postkontor_message *message)
{
    postkontor_buf out;
    int blocks = 0;
    MUST(strstr(answer.data, "\"size\":0,") == NULL && strstr(answer.data, "\"size\":0}") != NULL);
    MUST(CALL(postkontor_message_part(message, "{\"part\":0}", NULL, NULL, &out)) == POSTKONTOR_OK);
    MUST(answer.len == 0 && answer.data != NULL && answer.data[0] == 0);
    MUST(CALL(postkontor_message_part(message, "{\"part\":0}", to_nowhere, &blocks, &out)) == POSTKONTOR_OK && blocks == 0);
    MUST(strcmp(answer.data, "{\"size\":0}") == 0);
    save(message, "\"part\":0", "empty", "saved");
    MUST(strcmp(answer.data, "{\"size\":0}") == 0);
    MUST(CALL(postkontor_message_part(message, "{\"raw\":true}", NULL, NULL, &out)) == POSTKONTOR_OK);
    MUST(answer.len == strlen(EMPTY) && memcmp(answer.data, EMPTY, answer.len) == 0);
}

/* The account is in use, and stays so until the fetch is over; other handles are not. */
static int32_t POSTKONTOR_CALL reentering(void *user, const char *summary, postkontor_message *message)
{
    postkontor_buf out;
    postkontor_message *copy = NULL;
    int word = take(summary, message);
    (void)user;
    MUST(CALL(postkontor_account_receive(account, "{}", failing, NULL, NULL, &out)) == POSTKONTOR_BUSY);
    MUST(CALL(postkontor_account_list(account, NULL, NULL, &out)) == POSTKONTOR_BUSY);
    MUST(CALL(postkontor_account_close(account, &out)) == POSTKONTOR_BUSY);
    MUST(CALL(postkontor_host_close(host, &out)) == POSTKONTOR_BUSY);
    MUST(CALL(postkontor_host_transports(host, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_message_open(host, NULL, (const uint8_t *)EMPTY, strlen(EMPTY), &copy, &out)) == POSTKONTOR_OK);
    empty_part(copy);
    MUST(CALL(postkontor_message_close(copy, &out)) == POSTKONTOR_OK);
    return word == 4 ? POSTKONTOR_DELETE : word == 3 ? POSTKONTOR_SEEN : POSTKONTOR_KEEP;
}

/* Has the next question of the library answered with "stop": it asks every 100 ms. */
static int32_t POSTKONTOR_CALL slow(void *user, const char *summary, postkontor_message *message)
{
    (void)user;
    take(summary, message);
    stopping = 1;
    usleep(150 * 1000);
    return POSTKONTOR_KEEP;
}

static int32_t POSTKONTOR_CALL progress(void *user, uint64_t done, uint64_t total)
{
    (void)user, (void)done, (void)total;
    return stopping;
}

/* Fetches what is new, and keeps the state of what was taken. */
static postkontor_status fetch(postkontor_received_fn received)
{
    postkontor_buf out;
    postkontor_status ended;
    char request[20100];
    snprintf(request, sizeof request, "{\"state\":\"%s\"}", state);
    count = 0;
    subjects[0] = 0;
    ended = CALL(postkontor_account_receive(account, request, received, &count, NULL, &out));
    text_behind(answer.data, "\"state\":\"", state, sizeof state);
    return ended;
}

static postkontor_status apply(const char *id, const char *what)
{
    postkontor_buf out;
    char request[1000];
    snprintf(request, sizeof request, "{\"messages\":[\"%s\"],%s}", id, what);
    return CALL(postkontor_account_apply(account, request, NULL, &out));
}

static void receive(void)
{
    postkontor_buf out;
    MUST(fetch(first) == POSTKONTOR_OK);
    MUST(strcmp(subjects, "keep seen delete stop ") == 0 && strstr(answer.data, "\"more\":true"));
    MUST(CALL(postkontor_message_part(last, "{\"raw\":true}", NULL, NULL, &out)) == POSTKONTOR_ARGUMENT);
    MUST(fetch(failing) == POSTKONTOR_OK);
    MUST(strcmp(subjects, "stop ") == 0);
    MUST(fetch(reentering) == POSTKONTOR_OK);
    MUST(strcmp(subjects, "stop after ") == 0);
    MUST(fetch(failing) == POSTKONTOR_OK && count == 0);

    state[0] = 0;
    MUST(fetch(slow) == POSTKONTOR_CANCELLED);
    stopping = 0;
    MUST(strcmp(subjects, "keep ") == 0);
    MUST(fetch(reentering) == POSTKONTOR_OK);
    MUST(strcmp(subjects, "seen stop ") == 0);
}

static int32_t POSTKONTOR_CALL sketch(void *user, const char *summary, postkontor_message *message)
{
    (void)user, (void)message;
    MUST(strstr(summary, "\"section\":\"2\"") && strstr(summary, "\"name\":\"Größe.bin\"") && strstr(summary, "\"texts\":[{"));
    MUST(strstr(summary, "\"headers_only\":true") && word_of(summary) == 0);
    count++;
    return POSTKONTOR_DELETE;
}

static int32_t POSTKONTOR_CALL part(void *user, const char *summary, postkontor_message *message)
{
    (void)user;
    MUST(strstr(summary, "\"section\":\"2\""));
    read_into(message, "{\"raw\":true}", "part", "raw");
    read_into(message, "{\"part\":0}", "part", "bytes");
    count++;
    return POSTKONTOR_DELETE;
}

static int32_t POSTKONTOR_CALL beginning(void *user, const char *summary, postkontor_message *message)
{
    (void)user;
    MUST(strstr(summary, "\"text\":\"Gr\"") && strstr(summary, "\"complete\":false"));
    read_into(message, "{\"raw\":true}", "begin", "raw");
    count++;
    return POSTKONTOR_SEEN;
}

/* What stands in a message, one part of it, and the beginning of its text. Nothing of it counts as fetched. */
static void look_closer(void)
{
    static const char CHOSEN[] = "{\"summary\":\"structure\",\"filter\":{\"or\":[{\"subject\":\"keep\"},{\"body\":\"steht nirgends\"},"
        "{\"subject\":\"stop\"}],\"not\":{\"header\":{\"name\":\"Message-ID\",\"contains\":\"stop@\"}}}}";
    postkontor_buf out;
    char request[1000];
    count = 0;
    MUST(CALL(postkontor_account_receive(account, CHOSEN, sketch, NULL, NULL, &out)) == POSTKONTOR_OK && count == 1);
    MUST(strstr(answer.data, "\"action\":\"keep\"") && strstr(answer.data, "\"state\":\"\""));
    snprintf(request, sizeof request, "{\"message\":\"%s\",\"section\":\"2\",\"state\":\"as it was\"}", ids[0]);
    MUST(CALL(postkontor_account_receive(account, request, part, NULL, NULL, &out)) == POSTKONTOR_OK && count == 2);
    MUST(strstr(answer.data, "\"state\":\"as it was\""));
    snprintf(request, sizeof request, "{\"message\":\"%s\",\"section\":\"1\",\"first_bytes\":3}", ids[0]);
    MUST(CALL(postkontor_account_receive(account, request, beginning, NULL, NULL, &out)) == POSTKONTOR_OK && count == 3);
    snprintf(request, sizeof request, "{\"message\":\"%s\",\"section\":\"7\"}", ids[0]);
    MUST(CALL(postkontor_account_receive(account, request, part, NULL, NULL, &out)) == POSTKONTOR_NOT_FOUND && count == 3);
}

static void file_in_folders(const char *settings, int by_imap)
{
    static const char LETTER[] = "{\"to\":[\"b@example.com\"],\"subject\":\"Über C\",\"text\":\"Guten Tag\"}";
    postkontor_buf out;
    char *large = malloc(60000);
    MUST(apply(ids[0], "\"action\":\"seen\"") == POSTKONTOR_OK);
    MUST(apply(ids[0], "\"action\":\"move\",\"folder\":\"" FILED "\"") == POSTKONTOR_OK && strstr(answer.data, ids[0]));
    MUST(apply(ids[1], "\"action\":\"unseen\"") == POSTKONTOR_OK);
    MUST(apply(ids[0], "\"action\":\"delete\"") == POSTKONTOR_OK && strstr(answer.data, "\"missing\":[\""));
    MUST(CALL(postkontor_account_send(account, LETTER, NULL, 0, NULL, &out)) == POSTKONTOR_OK);
    MUST(strstr(answer.data, "\"saved_to\":\"") != NULL);

    MUST(CALL(postkontor_account_close(account, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_account_open(host, settings, "full", &account, &out)) == POSTKONTOR_OK);
    memset(large, 'x', 60000);
    memcpy(large, "{\"to\":[\"b@example.com\"],\"text\":\"", 32);
    strcpy(large + 59990, "\"}");
    MUST(CALL(postkontor_account_send(account, large, NULL, 0, NULL, &out)) == (by_imap ? POSTKONTOR_REFUSED : POSTKONTOR_LATER));
    MUST(strstr(answer.data, by_imap ? "\"code\":\"imap.append_refused\"" : "\"code\":\"ews.mailbox_full\""));
    MUST(strstr(answer.data, by_imap ? "OVERQUOTA" : "storage quota"));
    free(large);
}

/* A draft in a folder of its own: marked, labelled, copied; the folder is renamed and deleted. */
static void change_folders(const char *prefix)
{
    static const char DRAFT[] = "{\"subject\":\"Entwurf von C\",\"text\":\"x\",\"bcc\":[\"c@example.com\"],"
        "\"append\":{\"folder\":\"Prüfung/Größe\",\"flags\":[\"draft\"]}}";
    postkontor_buf out;
    char id[400], code[100];
    MUST(CALL(postkontor_account_apply(account, "{\"folders\":[{\"create\":\"Prüfung\"},{\"create\":\"Prüfung/Größe\"}]}", NULL, &out)) == POSTKONTOR_OK);
    MUST(strcmp(answer.data, "{\"folders\":[{\"created\":\"Prüfung\"},{\"created\":\"Prüfung/Größe\"}]}") == 0);
    MUST(CALL(postkontor_account_send(account, DRAFT, NULL, 0, NULL, &out)) == POSTKONTOR_OK);
    MUST(strstr(answer.data, "\"filed\":{\"status\":\"saved\"") && strstr(answer.data, "\"recipients\":[]"));
    text_behind(answer.data, "\"saved_to\":\"", id, sizeof id);
    MUST(apply(id, "\"action\":\"flagged\"") == POSTKONTOR_OK);
    MUST(apply(id, "\"action\":\"keywords\",\"add\":[\"Bezahlt\"]") == POSTKONTOR_OK);
    MUST(apply(id, "\"action\":\"copy\",\"folder\":\"<drafts>\"") == POSTKONTOR_OK && strstr(answer.data, "\"new_id\":\""));
    MUST(CALL(postkontor_account_apply(account, "{\"folders\":[{\"rename\":\"Prüfung/Größe\",\"to\":\"Prüfung/Maß\"}]}", NULL, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_account_apply(account, "{\"folders\":[{\"delete\":\"Prüfung/Maß\"}]}", NULL, &out)) == POSTKONTOR_REFUSED);
    snprintf(code, sizeof code, "\"code\":\"%s.folder_not_empty\"", prefix);
    MUST(strstr(answer.data, code) && strstr(answer.data, "\"pointer\":\"/folders/0/delete\""));
    MUST(CALL(postkontor_account_apply(account, "{\"folders\":[{\"delete\":\"Prüfung/Maß\",\"with_messages\":true},{\"delete\":\"Prüfung\"}]}", NULL, &out)) == POSTKONTOR_OK);
}

int main(int argc, char **argv)
{
    postkontor_callbacks callbacks = {sizeof callbacks, NULL, NULL, progress, NULL, NULL, NULL};
    postkontor_buf out;
    char settings[4000];
    size_t length;
    FILE *file;
    if (argc != 4 || !(file = fopen(argv[1], "rb")))
        return 2;
    length = fread(settings, 1, sizeof settings - 1, file);
    settings[length] = 0;
    fclose(file);
    folder = argv[2];

    MUST(CALL(postkontor_host_open("{\"language\":\"en\"}", &callbacks, &host, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_account_open(host, settings, "inbox", &account, &out)) == POSTKONTOR_OK);
    MUST(CALL(postkontor_account_list(account, "{\"folder\":\"\"}", NULL, &out)) == POSTKONTOR_OK);
    MUST(strstr(answer.data, "\"messages\":[{") != NULL);
    if (strcmp(argv[3], "pop3") != 0) {
        MUST(CALL(postkontor_account_list(account, NULL, NULL, &out)) == POSTKONTOR_OK);
        MUST(strstr(answer.data, "\"Entwürfe\"") && strstr(answer.data, "\"drafts\""));
    }
    receive();
    if (strcmp(argv[3], "imap") == 0)
        look_closer();
    if (strcmp(argv[3], "pop3") != 0) {
        change_folders(strcmp(argv[3], "imap") == 0 ? "imap" : "ews");
        file_in_folders(settings, strcmp(argv[3], "imap") == 0);
    } else {
        MUST(apply(ids[0], "\"action\":\"move\",\"folder\":\"" FILED "\"") == POSTKONTOR_UNSUPPORTED);
        MUST(strstr(answer.data, "\"code\":\"pop3.only_delete\""));
        MUST(apply(ids[0], "\"action\":\"delete\"") == POSTKONTOR_OK);
    }
    MUST(CALL(postkontor_host_close(host, &out)) == POSTKONTOR_OK);
    postkontor_buf_free(&answer);
    puts("held");
    return 0;
}
