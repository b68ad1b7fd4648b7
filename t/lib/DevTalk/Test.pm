package DevTalk::Test;

# What every test over the wire begins with: "use DevTalk::Test;".
#
#     my $anna    = signed_in('anna');            # a new user, unique
#     my $article = $anna->publish(title => '...');
#     anybody()->get("/api/articles/$article->{slug}")->is(200);
#     finish();                                    # checks the error logs

use Mojo::Base -strict, -signatures;

use Exporter ();
use Mojo::JSON qw(true false);
use Test::More;
use Time::HiRes ();

use DevTalk::Client;
use DevTalk::Stack qw(:DEFAULT home pg redis server metric metrics wait_until
    log_mark log_lines access_lines nginx_master nginx_workers node_url);

our @EXPORT = qw(anybody signed_in unique password eventually finish whole
    home pg redis server metric metrics wait_until log_lines access_lines
    nginx_master nginx_workers node_url true false);

my $PASSWORD = 'correct horse battery';


sub import ($class, @) {
    my $caller = caller;

    $_->import for qw(strict warnings utf8);
    feature->import(':5.20', 'signatures');
    warnings->unimport('experimental::signatures');
    eval "package $caller; use Test::More; 1" or die $@;
    Exporter::export($class, $caller);

    binmode Test::More->builder->$_, ':encoding(UTF-8)'
        for qw(output failure_output todo_output);

    local $@;
    home();
    log_mark();
}


# "anna" becomes "anna-k3x0q9f2": a second run, or one at the same time, meets
# nobody it knows.

sub unique ($word = 'x') {
    state $random = do {
        open my $file, '<:raw', '/dev/urandom' or die $!;
        read $file, my $bytes, 4;
        unpack 'N', $bytes;
    };
    state $n = 0;
    return sprintf '%s-%08x%02x', $word, $random ^ ($$ << 8), $n++;
}

sub password { return $PASSWORD }


sub anybody ($node = 1) { return DevTalk::Client->new(node => $node) }


# 1 while the node has all of its servers.

sub whole ($node) {
    my $reply = anybody($node)->get('/ready');
    return $reply->status == 200 && $reply->json->{status} eq 'ready';
}


# A new user, registered at node 1.

sub signed_in ($word = 'user', %option) {
    my $name   = unique($word);
    my $client = anybody($option{node} // 1);
    my $user   = {username => $name, email => "$name\@example.com",
        password => $PASSWORD};
    my $reply  = $client->post('/api/users', {user => $user});

    if ($reply->status != 201) {
        fail("registers $name");
        diag($reply->_describe);
        die 'the test cannot go on without a user';
    }

    return $client->user($user)->token($reply->json->{user}{token});
}


# wait_until() as an assertion.

sub eventually ($name, $seconds, $condition) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $begun  = Time::HiRes::time();
    my $result = wait_until($condition, $seconds);
    ok $result, $name
        or diag(sprintf 'not within %s s%s', $seconds, $@ ? ": $@" : '');
    note sprintf '%s: after %.2f s', $name, Time::HiRes::time() - $begun;
    return $result;
}


# The end of a test: an alert, a crash or a sanitizer's line fails it.
# "allow": a pattern of lines that the test provokes; of alerts only.

my $BAD    = qr/\[(?:alert|emerg|crit)\]/;
my $REPORT = qr/Sanitizer|runtime error:/;

sub finish (%option) {
    my $allow = $option{allow};
    my @bad   = grep {
        $_ =~ $REPORT || $_ =~ $BAD && !($allow && $_ =~ $allow)
    } log_lines();

    is scalar(@bad), 0, 'the error logs have nothing alarming'
        or diag(join '', @bad > 20 ? (@bad[0 .. 19], "...\n") : @bad);
    note "$DevTalk::Client::checked replies held against openapi.yaml";
    done_testing();
}


1;
