/* What PostgreSQL refuses, and arrays: dt_pg_error.c, dt_pg_array.c. */

/* sources: ngx_devtalk_core/dt_pg_error.c ngx_devtalk_core/dt_pg_array.c */
/* libs: -lpq */

#include "tap.h"
#include "dt_pg.h"
#include "dt_pg_error.h"


static void
state(const char *state, dt_error_e error, const char *what)
{
    is(dt_pg_error_by_state(state), error, "%s: %s", state, what);
}


static void
test_states(void)
{
    state("23505", DT_CONFLICT, "a name is taken");
    state("28000", DT_UNAUTHORIZED, "who writes has departed");
    state("23503", DT_INVALID, "what it refers to is not there");
    state("22021", DT_INVALID, "bytes that are no text");
    state("25006", DT_UNAVAILABLE, "the server was demoted");
    state("40001", DT_UNAVAILABLE, "two at once");
    state("40P01", DT_UNAVAILABLE, "a deadlock");
    state("40002", DT_INTERNAL, "but no other of its class");
    state("53300", DT_UNAVAILABLE, "too many connections");
    state("55P03", DT_UNAVAILABLE, "a lock was not to be had");
    state("57014", DT_UNAVAILABLE, "it took too long");
    state("57P01", DT_UNAVAILABLE, "the server stops");
    state("08006", DT_UNAVAILABLE, "the connection is lost");
    state("42P01", DT_INTERNAL, "a table is not there");
    state("XX000", DT_INTERNAL, "what nobody thought of");
    state("", DT_UNAVAILABLE, "a failure without a name");
    is(dt_pg_error_by_state(NULL), DT_UNAVAILABLE, "or without an answer");
}


static void
test_outdated(void)
{
    ok(dt_pg_error_outdated("0A000"), "a plan of tables as they were");
    ok(dt_pg_error_outdated("26000"), "a statement that was forgotten");
    ok(dt_pg_error_outdated("25006"), "a server that was demoted");
    ok(!dt_pg_error_outdated("23505"), "a name that is taken is no such case");
    ok(!dt_pg_error_outdated(NULL), "nor is nothing");
}


static void
line(const char *text, size_t size, const char *expected)
{
    u_char     buf[64];
    ngx_str_t  got;

    got.data = buf;
    got.len = dt_pg_error_line(buf, size, text);

    is_str(&got, expected, "as a line: \"%s\"", expected);
}


static void
test_lines(void)
{
    line("one line", 64, "one line");
    line("an end\n", 64, "an end");
    line("two\nlines\r\n", 64, "two lines");
    line("forged\n2026/01/01 [alert]", 64, "forged 2026/01/01 [alert]");
    line("a long one", 6, "a long");
    line("", 64, "");
}


static void
array(const char *expected, ngx_uint_t n, ...)
{
    va_list     args;
    ngx_str_t   items[4];
    ngx_uint_t  i;

    va_start(args, n);

    for (i = 0; i < n; i++) {
        items[i].data = va_arg(args, u_char *);
        items[i].len = strlen((char *) items[i].data);
    }

    va_end(args);

    is_text(dt_pg_array(tap_pool, items, n), expected, "%s", expected);
}


static void
test_arrays(void)
{
    array("{}", 0);
    array("{\"a\"}", 1, "a");
    array("{\"a\",\"b c\",\"\"}", 3, "a", "b c", "");
    array("{\"NULL\"}", 1, "NULL");
    array("{\"},{\"}", 1, "},{");
    array("{\"\\\"\",\"\\\\\"}", 2, "\"", "\\");
    array("{\"\\\\\\\",x\"}", 1, "\\\",x");
}


int
main(void)
{
    tap_start();

    test_states();
    test_outdated();
    test_lines();
    test_arrays();

    return done();
}
