/* What a careless or hostile C program does to the library. Runs plain and under valgrind; every line must hold.
 *
 * The server is a socket of our own that accepts connections in the kernel and never says a word. */

#define _DEFAULT_SOURCE
#include "postkontor.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); exit(1); } } while (0)

static postkontor_host *host;
static postkontor_account *account;
static postkontor_cancel *token;

static const char MESSAGE[] = "{\"to\":[\"bob@example.com\"],\"subject\":\"x\",\"text\":\"y\"}";

/* What the callbacks are to do in the call that runs. */
static struct {
    int progress_calls;
    int stop_after;
    int close_from_inside;
    pthread_t thread;
} plan;

static int32_t POSTKONTOR_CALL progress(void *user, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    MUST(user == &plan);
    MUST(pthread_equal(pthread_self(), plan.thread));
    plan.progress_calls++;
    if (plan.close_from_inside) {
        postkontor_buf out;
        postkontor_cancel *other = NULL;
        postkontor_account *another = NULL;
        /* What runs cannot be closed nor used a second time, and says so. */
        MUST(postkontor_account_close(account, &out) == POSTKONTOR_BUSY);
        MUST(strstr(out.data, "\"status\":15"));
        postkontor_buf_free(&out);
        MUST(postkontor_account_send(account, MESSAGE, NULL, 0, NULL, NULL) == POSTKONTOR_BUSY);
        MUST(postkontor_account_test(account, NULL, NULL, NULL) == POSTKONTOR_BUSY);
        MUST(postkontor_host_close(host, NULL) == POSTKONTOR_BUSY);
        /* Everything else works. */
        MUST(postkontor_host_transports(host, &out) == POSTKONTOR_OK);
        postkontor_buf_free(&out);
        MUST(postkontor_account_open(host, "{\"enabled\":false}", NULL, &another, NULL) == POSTKONTOR_OK);
        MUST(postkontor_account_send(another, MESSAGE, NULL, 0, NULL, NULL) == POSTKONTOR_DISABLED);
        MUST(postkontor_account_close(another, NULL) == POSTKONTOR_OK);
        MUST(postkontor_cancel_new(1000, &other, NULL) == POSTKONTOR_OK);
        MUST(postkontor_cancel_free(other, NULL) == POSTKONTOR_OK);
        plan.close_from_inside = 0;
    }
    return plan.stop_after && plan.progress_calls >= plan.stop_after;
}

static void *fire(void *unused)
{
    (void)unused;
    usleep(100000);
    MUST(postkontor_cancel_fire(token, NULL) == POSTKONTOR_OK);
    return NULL;
}

static void *second_thread(void *status)
{
    usleep(100000);
    *(postkontor_status *)status = postkontor_account_send(account, MESSAGE, NULL, 0, NULL, NULL);
    return NULL;
}

static int silent_server(int *port)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    MUST(server >= 0 && bind(server, (struct sockaddr *)&address, sizeof address) == 0 && listen(server, 100) == 0);
    MUST(getsockname(server, (struct sockaddr *)&address, &length) == 0);
    *port = ntohs(address.sin_port);
    return server;
}

static postkontor_status send_planned(int stop_after, postkontor_cancel *cancel)
{
    plan.progress_calls = 0;
    plan.stop_after = stop_after;
    plan.thread = pthread_self();
    return postkontor_account_send(account, MESSAGE, NULL, 0, cancel, NULL);
}

static void interrupted(int signal)
{
    (void)signal;
}

/* A storm of signals must not end a call, and the library must not have touched the handler. */
static void storm(int on)
{
    struct itimerval timer;
    memset(&timer, 0, sizeof timer);
    timer.it_interval.tv_usec = timer.it_value.tv_usec = on ? 2000 : 0;
    MUST(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

int main(void)
{
    char settings[400];
    int port = 0;
    int server = silent_server(&port);
    postkontor_callbacks callbacks = {sizeof callbacks, &plan, NULL, progress, NULL, NULL, NULL};
    postkontor_buf out, copy;
    pthread_t other;
    postkontor_status status = POSTKONTOR_OK;
    struct sigaction action;
    pid_t child;

    MUST(postkontor_abi() == POSTKONTOR_ABI);
    MUST(strlen(postkontor_version()) >= 5);
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupted; /* without SA_RESTART */
    MUST(sigaction(SIGALRM, &action, NULL) == 0);

    MUST(postkontor_host_open("{\"language\":\"de\"}", &callbacks, &host, NULL) == POSTKONTOR_OK);
    snprintf(settings, sizeof settings,
        "{\"accounts\":{\"main\":{\"transport\":\"smtp\",\"server\":{\"host\":\"127.0.0.1\",\"port\":%d},\"tls\":{\"mode\":\"none\"},"
        "\"auth\":{\"method\":\"none\"}}},\"sender\":{\"address\":\"anna@example.com\"},\"send\":{\"account\":\"main\"}}", port);
    MUST(postkontor_account_open(host, settings, NULL, &account, NULL) == POSTKONTOR_OK);

    /* Progress is asked while waiting, may call back in, and stops the call. */
    plan.close_from_inside = 1;
    MUST(send_planned(5, NULL) == POSTKONTOR_CANCELLED);
    MUST(plan.progress_calls >= 5 && !plan.close_from_inside);

    /* A deadline, and a token fired by another thread; the token is freed before the call has to end. */
    MUST(postkontor_cancel_new(300, &token, NULL) == POSTKONTOR_OK);
    MUST(send_planned(0, token) == POSTKONTOR_TIMEOUT);
    MUST(postkontor_cancel_free(token, NULL) == POSTKONTOR_OK);
    MUST(postkontor_cancel_new(0, &token, NULL) == POSTKONTOR_OK);
    MUST(pthread_create(&other, NULL, fire, NULL) == 0);
    MUST(send_planned(0, token) == POSTKONTOR_CANCELLED);
    MUST(pthread_join(other, NULL) == 0);
    MUST(send_planned(0, token) == POSTKONTOR_CANCELLED); /* it stays fired */
    MUST(postkontor_cancel_free(token, NULL) == POSTKONTOR_OK);
    MUST(postkontor_cancel_free(token, NULL) == POSTKONTOR_ARGUMENT);

    /* Two threads on one handle. */
    MUST(postkontor_cancel_new(1500, &token, NULL) == POSTKONTOR_OK);
    MUST(pthread_create(&other, NULL, second_thread, &status) == 0);
    MUST(send_planned(0, token) == POSTKONTOR_TIMEOUT);
    MUST(pthread_join(other, NULL) == 0);
    MUST(status == POSTKONTOR_BUSY);
    MUST(postkontor_cancel_free(token, NULL) == POSTKONTOR_OK);

    /* Interrupted system calls. */
    MUST(postkontor_cancel_new(400, &token, NULL) == POSTKONTOR_OK);
    storm(1);
    status = send_planned(0, token);
    storm(0);
    MUST(status == POSTKONTOR_TIMEOUT);
    MUST(postkontor_cancel_free(token, NULL) == POSTKONTOR_OK);

    /* A child gets nothing of its parent, and may open what is its own. */
    child = fork();
    MUST(child >= 0);
    if (child == 0) {
        postkontor_host *own = NULL;
        if (postkontor_host_transports(host, NULL) != POSTKONTOR_ARGUMENT || postkontor_account_close(account, NULL) != POSTKONTOR_ARGUMENT)
            _exit(1);
        if (postkontor_host_open("{}", NULL, &own, NULL) != POSTKONTOR_OK || postkontor_host_close(own, NULL) != POSTKONTOR_OK)
            _exit(2);
        _exit(0);
    }
    MUST(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    MUST(postkontor_host_transports(host, NULL) == POSTKONTOR_OK);

    /* Buffers: a copy, a second time, null. */
    MUST(postkontor_host_check(host, "[", &out) == POSTKONTOR_OK || out.len > 0);
    copy = out;
    postkontor_buf_free(&out);
    postkontor_buf_free(&out);
    postkontor_buf_free(&copy);
    postkontor_buf_free(NULL);
    MUST(out.data == NULL && out.len == 0);

    /* The signal that a broken connection raises is as the program left it. */
    MUST(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);

    MUST(postkontor_host_close(host, NULL) == POSTKONTOR_OK); /* closes the account, too */
    MUST(postkontor_account_close(account, NULL) == POSTKONTOR_ARGUMENT);
    MUST(postkontor_host_close(host, NULL) == POSTKONTOR_ARGUMENT);
    close(server);
    puts("held");
    return 0;
}
