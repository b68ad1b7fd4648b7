use lib 't/lib';
use DevTalk::Test;

use File::Temp qw(tempdir);
use Mojo::File qw(path);

# What nginx refuses of a configuration: the message says what is wrong and
# where.  The configuration is node 1's with one directive changed.

my $folder = path(home(), 'nginx-1');
my $good   = $folder->child('nginx.conf')->slurp;
my $keys   = $folder->child('keys.conf')->slurp;
my $dir    = path(tempdir(CLEANUP => 1));

# nginx -t of a text: (whether it is taken, what was said).

my $test = sub ($text) {
    my $file = $folder->child('refused.conf')->spurt($text);
    my $nginx = $ENV{DEVTALK_NGINX} // 'nginx';
    my $said = qx('$nginx' -t -p '$folder/' -c '$file' 2>&1 </dev/null);
    my $taken = $? == 0;
    $file->remove;

    # nginx itself leaves its first pool behind.
    unlike $said, qr/ERROR: AddressSanitizer|runtime error:| in (?:dt|auth|articles?|comments?)_/,
        'and leaves nothing of ours behind';
    return ($taken, $said);
};

# The directive (all up to its ";", at its first place) becomes another.

my $with = sub ($directive, $text) {
    my $conf = $good;
    $conf =~ s/^ *\Q$directive\E\s[^;]*;/$text/m or die "no $directive";
    return $conf;
};

my $refuses = sub ($name, $conf, $why) {
    my ($taken, $said) = $test->($conf);
    ok !$taken, "$name: refused";
    like $said, $why, 'says why';
    like $said, qr/refused\.conf:\d+|keys/, 'and where';
};

# An EC key of P-256, a public one, one of another curve.

my $openssl = sub ($name, @command) {
    system('openssl', @command, '-out', $dir->child($name)) == 0 or die $name;
    return $dir->child($name);
};

my @genpkey = qw(genpkey -quiet -algorithm EC -pkeyopt);
my $private = $openssl->('private', @genpkey, 'ec_paramgen_curve:P-256');
my $public  = $openssl->('public', qw(pkey -pubout -in), $private);
my $p384    = $openssl->('p384', @genpkey, 'ec_paramgen_curve:P-384');
my $locked  = $openssl->('locked', @genpkey, 'ec_paramgen_curve:P-256',
    qw(-aes256 -pass pass:word));
my $rubbish = $dir->child('rubbish')->spurt('no key');
my $empty   = $dir->child('empty')->spurt('');
my $word    = $dir->child('word')->spurt("word\n");

my ($server) = $good =~ /devtalk_postgres\s+auth\s+"([^"]*)"/;
my $postgres = sub ($options) {
    return $with->('devtalk_postgres', qq(devtalk_postgres auth "$server" $options;));
};


subtest 'as it is' => sub {
    my ($taken, $said) = $test->($good);
    ok $taken, 'the configuration is taken' or diag($said);

    ($taken, $said) = $test->($postgres->("password_file=$word connections=8"
        . ' slow=0 queue=10 depth=3 wait=1s timeout=250ms'));
    ok $taken, 'with all options of PostgreSQL' or diag($said);

    ($taken, $said) = $test->($with->('devtalk_redis',
        "devtalk_redis 127.0.0.1:1 password_file=$word timeout=1s;"));
    ok $taken, 'with all of Redis' or diag($said);
};

subtest 'PostgreSQL' => sub {
    for my $option (qw(connections=0 connections=x queue=0 depth=-1 slow=x
        wait=0 wait=soon timeout=0 timeout=1parsec connections= colour=red))
    {
        $refuses->($option, $postgres->($option), qr/invalid parameter "\Q$option\E"/);
    }

    $refuses->('twice', $with->('devtalk_postgres',
        qq(devtalk_postgres auth "$server"; devtalk_postgres auth "$server";)),
        qr/"devtalk_postgres" directive is duplicate for this service/);
    $refuses->('a service without', $with->('devtalk_postgres', ''),
        qr/service "auth" is enabled, but there is no "devtalk_postgres auth/);

    for my $file ("$dir/nowhere", $empty, $dir) {
        $refuses->("password in $file", $postgres->("password_file=$file"),
            qr/no password can be read from "\Q$file\E"/);
    }
};

subtest 'Redis' => sub {
    for my $address ('redis.example.com:6379', 'unix:', '127.0.0.1:99999', '[::1') {
        $refuses->($address, $with->('devtalk_redis', "devtalk_redis $address;"),
            qr/takes a numeric address and port, not "\Q$address\E"/);
    }

    for my $option (qw(timeout=0 timeout=x colour=red)) {
        $refuses->($option, $with->('devtalk_redis', "devtalk_redis 127.0.0.1:1 $option;"),
            qr/invalid parameter "\Q$option\E"/);
    }

    $refuses->('its password', $with->('devtalk_redis',
        "devtalk_redis 127.0.0.1:1 password_file=$dir/nowhere;"),
        qr/no password can be read from/);
    $refuses->('twice', $with->('devtalk_redis',
        'devtalk_redis 127.0.0.1:1; devtalk_redis 127.0.0.1:1;'), qr/is duplicate/);
};

subtest 'Kafka, cache' => sub {
    $refuses->('two Kafkas', $with->('devtalk_kafka',
        'devtalk_kafka 127.0.0.1:1; devtalk_kafka 127.0.0.1:1;'), qr/is duplicate/);
    $refuses->('two caches', $with->('devtalk_cache',
        'devtalk_cache 8m; devtalk_cache 8m;'), qr/is duplicate/);
    $refuses->("a cache of $_", $with->('devtalk_cache', "devtalk_cache $_;"),
        qr/needs a size of at least 64 pages/) for qw(1k 0 x);
    $refuses->($_, $with->('devtalk_cache', "devtalk_cache 8m $_;"),
        qr/invalid parameter "$_"/) for qw(lifetime=0 lifetime=x colour=red);
};

subtest 'tokens' => sub {
    $refuses->($_, $with->('devtalk_jwt', "devtalk_jwt issuer=a audience=b $_;"),
        qr/invalid parameter "$_"/) for qw(lifetime=16m lifetime=0 lifetime=x colour=red);
    $refuses->("only $_", $with->('devtalk_jwt', "devtalk_jwt $_;"),
        qr/needs issuer= and audience=/) for "issuer=a lifetime=1m", "audience=b lifetime=1m";
    $refuses->('none', $with->('devtalk_jwt', ''),
        qr/devtalk_jwt and a devtalk_jwt_key are needed/);
    $refuses->('twice', $with->('devtalk_jwt', 'devtalk_jwt issuer=a audience=b;' x 2),
        qr/is duplicate/);
};

subtest 'keys' => sub {
    my $key = sub (@lines) {
        return $good =~ s/^\s*include\s+keys\.conf;/join '', map {"devtalk_jwt_key $_;"} @lines/mer;
    };
    my $signing = "a $private signing";

    my ($taken, $said) = $test->($key->("b $public", $signing));
    ok $taken, 'a public key beside the signing one is fine' or diag($said);

    $refuses->('no key', $key->(), qr/a devtalk_jwt_key are needed/);
    $refuses->('none signs', $key->("a $private"), qr/no devtalk_jwt_key is the "signing" one/);
    $refuses->('two sign', $key->($signing, "b $private signing"), qr/is the second "signing" one/);
    $refuses->('one name', $key->($signing, "a $public"), qr/devtalk_jwt_key "a" is there twice/);
    $refuses->('a public key signs', $key->("a $public signing"),
        qr/is a public key and cannot be the "signing" one/);
    $refuses->($_, $key->("b $public $_", $signing), qr/invalid parameter "\Q$_\E"/) for qw(sign until=0 until=soon until=-1 until=);
    ($taken, $said) = $test->($key->("b $public until=1700000000", $signing));
    ok $taken, 'one that has ended is fine' or diag($said);
    $refuses->('one that signs has no end', $key->("a $private signing until=1700000000"), qr/invalid number of arguments/);
    $refuses->('an odd name', $key->("'a b' $private signing"), qr/has other characters in its name/);
    $refuses->('a long name', $key->('k' x 65 . " $private signing"), qr/or more than 64/);
    $refuses->('another curve', $key->("a $p384 signing"), qr/is not an EC key on P-256/);
    $refuses->('with a passphrase', $key->("a $locked signing"), qr/"\Q$locked\E" /);
    $refuses->('rubbish', $key->("a $rubbish signing"), qr/"\Q$rubbish\E" /);
    $refuses->('an empty file', $key->("a $empty signing"), qr/"\Q$empty\E" /);
    $refuses->('no file', $key->("a $dir/nowhere signing"), qr/cannot open "\Q$dir\E\/nowhere"/);
    $refuses->('a folder', $key->("a $dir signing"), qr/cannot read "\Q$dir\E"/);

    my @many = map {"k$_ $public"} 1 .. 40;
    $refuses->('very many', $key->(@many, $signing), qr/is one too many/);
};

finish();
