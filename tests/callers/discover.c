/* Settings for an address, from C.
 *
 *     discover REQUEST
 *
 * REQUEST is an address, or a request. Prints the answer. */

#include "postkontor.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    postkontor_host *host = NULL;
    postkontor_buf out = {NULL, 0};
    postkontor_status status;
    if (argc != 2) return 2;
    status = postkontor_host_open("{\"language\":\"sl\"}", NULL, &host, &out);
    postkontor_buf_free(&out);
    if (status == POSTKONTOR_OK) status = postkontor_host_discover(host, argv[1], NULL, &out);
    printf("%s\n", out.data);
    postkontor_buf_free(&out);
    if (host) postkontor_host_close(host, NULL);
    return (int)status;
}
