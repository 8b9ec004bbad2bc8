/* Fetching with libetpan: one connection; by IMAP in ranges of 500 messages, which is its fastest.
 *
 * Usage: fetch_etpan PORT pop3|imap COUNT; prints the seconds that fetching took, connecting included. That the messages are
 * numbered from 1 is given, so it need not list them.
 */
#include "work.h"
#include <libetpan/libetpan.h>

#define RANGE 500

static void check(int wrong, const char *what)
{
    if (wrong)
        work_fail("libetpan", what);
}

static size_t pop3(uint16_t port, unsigned messages)
{
    size_t bytes = 0;
    mailpop3 *session = mailpop3_new(0, NULL);
    check(mailpop3_socket_connect(session, "127.0.0.1", port) != MAILPOP3_NO_ERROR, "connecting");
    check(mailpop3_user(session, "anna") != MAILPOP3_NO_ERROR || mailpop3_pass(session, "secret") != MAILPOP3_NO_ERROR, "login");
    for (unsigned number = 1; number <= messages; number++) {
        char *message;
        size_t length;
        check(mailpop3_retr(session, number, &message, &length) != MAILPOP3_NO_ERROR, "fetching");
        bytes += length;
        mailpop3_retr_free(message);
    }
    mailpop3_quit(session);
    mailpop3_free(session);
    return bytes;
}

static size_t imap(uint16_t port, unsigned messages)
{
    size_t bytes = 0;
    mailimap *session = mailimap_new(0, NULL);
    int result = mailimap_socket_connect(session, "127.0.0.1", port);
    check(result != MAILIMAP_NO_ERROR && result != MAILIMAP_NO_ERROR_AUTHENTICATED && result != MAILIMAP_NO_ERROR_NON_AUTHENTICATED,
          "connecting");
    check(mailimap_login(session, "anna", "secret") != MAILIMAP_NO_ERROR, "login");
    check(mailimap_select(session, "INBOX") != MAILIMAP_NO_ERROR, "selecting");
    for (unsigned first = 1; first <= messages; first += RANGE) {
        unsigned last = first + RANGE - 1 < messages ? first + RANGE - 1 : messages;
        struct mailimap_set *set = mailimap_set_new_interval(first, last);
        struct mailimap_fetch_att *body = mailimap_fetch_att_new_body_peek_section(mailimap_section_new(NULL));
        struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att_list_empty();
        mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_uid());
        mailimap_fetch_type_new_fetch_att_list_add(type, body);
        clist *found;
        check(mailimap_uid_fetch(session, set, type, &found) != MAILIMAP_NO_ERROR, "fetching");
        for (clistiter *each = clist_begin(found); each; each = clist_next(each)) {
            struct mailimap_msg_att *message = clist_content(each);
            for (clistiter *item = clist_begin(message->att_list); item; item = clist_next(item)) {
                struct mailimap_msg_att_item *attribute = clist_content(item);
                if (attribute->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC
                    && attribute->att_data.att_static->att_type == MAILIMAP_MSG_ATT_BODY_SECTION)
                    bytes += attribute->att_data.att_static->att_data.att_body_section->sec_length;
            }
        }
        mailimap_fetch_list_free(found);
        mailimap_fetch_type_free(type);
        mailimap_set_free(set);
    }
    mailimap_logout(session);
    mailimap_free(session);
    return bytes;
}

int main(int count, char **arguments)
{
    if (count < 4)
        work_fail("usage", "PORT WORKLOAD COUNT");
    uint16_t port = (uint16_t)atoi(arguments[1]);
    unsigned messages = (unsigned)atoi(arguments[3]);
    double started = work_clock();
    size_t bytes = strncmp(arguments[2], "imap", 4) == 0 ? imap(port, messages) : pop3(port, messages);
    printf("%.6f\n", work_clock() - started);
    check(bytes == 0, "no bytes came");
    return 0;
}
