/* The same work done with libcurl: one handle, whose connection is used again for each mail.
 *
 * Usage: curl PORT small|attachment|file COUNT [FILE]; prints the seconds that sending took. A text alone is composed by
 * hand and handed over by the read callback, which is faster than curl_mime; attachments go through curl_mime, which is
 * what composes and encodes them.
 */
#include "work.h"
#include <curl/curl.h>

static char text[4096];

struct source {
    const char *data;
    size_t left;
};

static size_t give(char *into, size_t size, size_t count, void *context)
{
    struct source *source = context;
    size_t given = size * count < source->left ? size * count : source->left;
    memcpy(into, source->data, given);
    source->data += given;
    source->left -= given;
    return given;
}

static void check(CURLcode code)
{
    if (code != CURLE_OK)
        work_fail("libcurl", curl_easy_strerror(code));
}

/* RFC 5322 date and Message-ID, as every client makes them for each mail. */
static void stamp(char *date, size_t date_size, char *id, size_t id_size, unsigned number)
{
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(date, date_size, "%a, %d %b %Y %H:%M:%S +0000", &parts);
    snprintf(id, id_size, "%ld.%u.%ld@bench.example", (long)now, number, random());
}

static void send_text(CURL *curl, unsigned number)
{
    static char mail[8192];
    char date[64], id[128];
    stamp(date, sizeof date, id, sizeof id, number);
    size_t used = (size_t)snprintf(mail, sizeof mail,
                                   "From: Anna Adler <anna@example.com>\r\nTo: Bruno Berg <bruno@example.org>\r\n"
                                   "Subject: Invoice %u\r\nDate: %s\r\nMessage-ID: <%s>\r\nMIME-Version: 1.0\r\n"
                                   "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n",
                                   number, date, id);
    used += work_text(mail + used, number, "\r\n");
    struct source source = {mail, used};
    curl_easy_setopt(curl, CURLOPT_READDATA, &source);
    check(curl_easy_perform(curl));
}

static void send_parts(CURL *curl, unsigned number, const char *attachment, const char *file)
{
    char line[256], date[64], id[128];
    struct curl_slist *headers = NULL;
    stamp(date, sizeof date, id, sizeof id, number);
    headers = curl_slist_append(headers, "From: Anna Adler <anna@example.com>");
    headers = curl_slist_append(headers, "To: Bruno Berg <bruno@example.org>");
    snprintf(line, sizeof line, "Subject: Invoice %u", number);
    headers = curl_slist_append(headers, line);
    snprintf(line, sizeof line, "Date: %s", date);
    headers = curl_slist_append(headers, line);
    snprintf(line, sizeof line, "Message-ID: <%s>", id);
    headers = curl_slist_append(headers, line);
    curl_mime *mime = curl_mime_init(curl);
    curl_mimepart *part = curl_mime_addpart(mime);
    curl_mime_data(part, text, work_text(text, number, "\r\n"));
    part = curl_mime_addpart(mime);
    if (file)
        curl_mime_filedata(part, file);
    else
        curl_mime_data(part, attachment, ATTACHMENT_BYTES);
    curl_mime_filename(part, "invoice.pdf");
    curl_mime_type(part, "application/pdf");
    curl_mime_encoder(part, "base64");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
    check(curl_easy_perform(curl));
    curl_mime_free(mime);
    curl_slist_free_all(headers);
}

int main(int count, char **arguments)
{
    if (count < 4)
        work_fail("usage", "PORT WORKLOAD COUNT [FILE]");
    const char *workload = arguments[2];
    unsigned mails = (unsigned)atoi(arguments[3]);
    char *attachment = malloc(ATTACHMENT_BYTES);
    memset(attachment, 0xA5, ATTACHMENT_BYTES);
    char url[64];
    snprintf(url, sizeof url, "smtp://127.0.0.1:%s/bench.example", arguments[1]);
    check(curl_global_init(CURL_GLOBAL_DEFAULT));
    CURL *curl = curl_easy_init();
    struct curl_slist *to = curl_slist_append(NULL, "<bruno@example.org>");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, "<anna@example.com>");
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    /* The largest that libcurl takes: fewer, larger writes. */
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 2L * 1024 * 1024);
    double started = work_clock();
    for (unsigned number = 0; number < mails; number++) {
        if (strcmp(workload, "small") == 0)
            send_text(curl, number);
        else
            send_parts(curl, number, attachment, strcmp(workload, "file") == 0 ? arguments[4] : NULL);
    }
    printf("%.6f\n", work_clock() - started);
    curl_easy_cleanup(curl);
    curl_slist_free_all(to);
    curl_global_cleanup();
    free(attachment);
    return 0;
}
