/* Fetching with libcurl: one handle, whose connection is used again for each message.
 *
 * Usage: fetch_curl PORT pop3|imap|pop3-save|imap-save COUNT FILE; prints the seconds that fetching took, connecting
 * included. With "-save" the bytes go to FILE.fetched, as they come. That the messages are
 * numbered from 1 is given, so it need not list them.
 */
#include "work.h"
#include <curl/curl.h>

static FILE *file;

static size_t take(char *data, size_t size, size_t count, void *context)
{
    if (file && fwrite(data, size, count, file) != count)
        return 0;
    *(size_t *)context += size * count;
    return size * count;
}

int main(int count, char **arguments)
{
    if (count < 4)
        work_fail("usage", "PORT WORKLOAD COUNT");
    int imap = strncmp(arguments[2], "imap", 4) == 0;
    unsigned messages = (unsigned)atoi(arguments[3]);
    size_t bytes = 0;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_USERNAME, "anna");
    curl_easy_setopt(curl, CURLOPT_PASSWORD, "secret");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &bytes);
    /* Fewer, larger reads. */
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L * 1024);
    double started = work_clock();
    if (strstr(arguments[2], "-save") && count > 4) {
        char path[1024];
        snprintf(path, sizeof path, "%s.fetched", arguments[4]);
        file = fopen(path, "wb");
        if (!file)
            work_fail("libcurl", path);
        /* libcurl hands POP3 over line by line. */
        setvbuf(file, NULL, _IOFBF, 256 * 1024);
    }
    for (unsigned number = 1; number <= messages; number++) {
        char url[128];
        snprintf(url, sizeof url, imap ? "imap://127.0.0.1:%s/INBOX/;UID=%u" : "pop3://127.0.0.1:%s/%u", arguments[1], number);
        curl_easy_setopt(curl, CURLOPT_URL, url);
        CURLcode code = curl_easy_perform(curl);
        if (code != CURLE_OK)
            work_fail("libcurl", curl_easy_strerror(code));
    }
    if (file && fclose(file) != 0)
        work_fail("libcurl", "the file is not complete");
    printf("%.6f\n", work_clock() - started);
    if (bytes == 0)
        work_fail("libcurl", "no bytes came");
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return 0;
}
