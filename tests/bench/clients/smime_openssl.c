/* Signs and encrypts a message with OpenSSL's CMS, several times over: bench "smime".
 * smime_openssl FILE CERTIFICATE KEY MODE TURNS, with MODE sign, cbc, gcm, or sign+cbc. Prints the milliseconds of a message in the best turn of ten messages, and its bytes.
 * The file is a MIME entity with CR LF. */
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAILS = 10 };

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static X509 *certificate;
static EVP_PKEY *key;

/* The entity in `in` as a multipart/signed. */
static BIO *signed_message(BIO *in)
{
    const int flags = CMS_DETACHED | CMS_STREAM | CMS_BINARY | CMS_CRLFEOL;
    CMS_ContentInfo *cms = CMS_sign(certificate, key, NULL, in, flags);
    BIO *out = BIO_new(BIO_s_mem());
    if (!cms || !out || !SMIME_write_CMS(out, cms, in, flags))
        fail("signing");
    CMS_ContentInfo_free(cms);
    return out;
}

static BIO *sealed_message(BIO *in, const EVP_CIPHER *cipher)
{
    const int flags = CMS_STREAM | CMS_BINARY;
    STACK_OF(X509) *recipients = sk_X509_new_null();
    sk_X509_push(recipients, certificate);
    CMS_ContentInfo *cms = CMS_encrypt(recipients, in, cipher, flags);
    BIO *out = BIO_new(BIO_s_mem());
    if (!cms || !out || !SMIME_write_CMS(out, cms, in, flags))
        fail("encrypting");
    CMS_ContentInfo_free(cms);
    sk_X509_free(recipients);
    return out;
}

static long message(const char *text, long length, const char *mode)
{
    const EVP_CIPHER *cipher = strstr(mode, "gcm") ? EVP_aes_256_gcm() : strstr(mode, "cbc") ? EVP_aes_256_cbc() : NULL;
    BIO *out = BIO_new_mem_buf(text, (int)length);
    if (strstr(mode, "sign")) {
        BIO *in = out;
        out = signed_message(in);
        BIO_free(in);
    }
    if (cipher) {
        BIO *in = out;
        out = sealed_message(in, cipher);
        BIO_free(in);
    }
    char *whole;
    long size = BIO_get_mem_data(out, &whole);
    BIO_free(out);
    return size;
}

int main(int count, char **arguments)
{
    if (count != 6)
        return 2;
    FILE *file = fopen(arguments[1], "rb");
    static char text[1 << 24];
    long length = file ? (long)fread(text, 1, sizeof text, file) : 0;
    BIO *pem = BIO_new_file(arguments[2], "rb");
    BIO *private = BIO_new_file(arguments[3], "rb");
    if (!length || !pem || !private)
        fail("reading");
    certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL);
    key = PEM_read_bio_PrivateKey(private, NULL, NULL, NULL);
    if (!certificate || !key)
        fail("keys");
    double best = 1e9;
    long size = 0;
    for (int turns = atoi(arguments[5]); turns > 0; turns--) {
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (int mail = 0; mail < MAILS; mail++)
            size = message(text, length, arguments[4]);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double lasted = ((end.tv_sec - start.tv_sec) * 1e3 + (end.tv_nsec - start.tv_nsec) / 1e6) / MAILS;
        best = lasted < best ? lasted : best;
    }
    printf("%.4f %ld\n", best, size);
    return 0;
}
