/* The body of fuzz.h. */

#include "fuzz.h"
#include "tap.h"

#include <stdio.h>


int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


ngx_pool_t  *fuzz_pool;


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    tap_start();

    /* what strangers send is no reason to write */

    tap_log.log_level = 0;

    if (fuzz_start) {
        fuzz_start();
    }

    return 0;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ngx_str_t  input;

    fuzz_pool = ngx_create_pool(1024, &tap_log);
    must(fuzz_pool != NULL);

    input.data = (u_char *) data;
    input.len = size;

    fuzz_one(input);

    ngx_destroy_pool(fuzz_pool);

    return 0;
}


ngx_str_t
fuzz_cut(ngx_str_t *input, u_char end)
{
    size_t     n;
    ngx_str_t  part;

    for (n = 0; n < input->len && input->data[n] != end; n++) { /* void */ }

    part = fuzz_take(input, n);
    (void) fuzz_take(input, 1);

    return part;
}


ngx_str_t
fuzz_take(ngx_str_t *input, size_t n)
{
    ngx_str_t  part;

    part.len = ngx_min(n, input->len);
    part.data = ngx_pnalloc(fuzz_pool, part.len);
    must(part.data != NULL);

    if (part.len) {
        ngx_memcpy(part.data, input->data, part.len);
        input->data += part.len;
        input->len -= part.len;
    }

    return part;
}


uint64_t
fuzz_number(ngx_str_t *input, size_t n)
{
    uint64_t  number;

    number = 0;

    for ( /* void */ ; n && input->len; n--) {
        number = number << 8 | *input->data++;
        input->len--;
    }

    return number;
}


ngx_uint_t
fuzz_same(const ngx_str_t *one, const ngx_str_t *other)
{
    return one->len == other->len
           && (one->len == 0
               || ngx_memcmp(one->data, other->data, one->len) == 0);
}


void
fuzz_broken(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}
