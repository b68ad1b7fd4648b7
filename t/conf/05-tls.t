use lib 't/lib';
use DevTalk::Test;

use IO::Socket::INET;
use Mojo::File qw(path tempdir);

# DEVTALK_TLS_CERTIFICATE and DEVTALK_TLS_KEY: a node speaks TLS and HTTP/2.

my $dir  = tempdir;
my ($certificate, $key) = map { $dir->child($_) } qw(certificate.pem key.pem);
my $root = DevTalk::Stack::root();
my $url  = node_url(2) =~ s/^http:/https:/r;
my ($port) = $url =~ /:(\d+)$/;
my $owner  = $$;
my $changed;

END { plain() if $changed && $$ == $owner }

# nginx's master reads them, and so must whoever runs the driver.
sub certify {
    system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost"
        . " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout '$key' -out '$certificate' 2>/dev/null") == 0
        or BAIL_OUT('no certificate');
}

sub plain { local @ENV{qw(DEVTALK_TLS_CERTIFICATE DEVTALK_TLS_KEY)} = ('', ''); server('restart', 'nginx-2'); $changed = 0 }

# Its output and its code.
sub driver ($action, %setting) {
    local @ENV{keys %setting} = values %setting;
    my $said = qx('$root/devtalk' $action 2>&1 </dev/null);
    return ($?, $said);
}

sub curl (@arguments) {
    open my $pipe, '-|', 'curl', '-s', '-m', '10', '--cacert', "$certificate", @arguments or die "curl: $!";
    local $/;
    my $said = <$pipe>;
    close $pipe;
    return $said;
}

subtest 'wrong settings' => sub {
    certify();
    my @wrong = (
        [qr/TLS needs both/,      DEVTALK_TLS_KEY => "$key"],
        [qr/TLS needs both/,      DEVTALK_TLS_CERTIFICATE => "$certificate"],
        [qr/there is no file/,    DEVTALK_TLS_KEY => "$key", DEVTALK_TLS_CERTIFICATE => "$dir/nothing"],
        [qr/must be a whole path/, DEVTALK_TLS_KEY => 'key.pem', DEVTALK_TLS_CERTIFICATE => "$certificate"],
        [qr/must be a whole path/, DEVTALK_TLS_KEY => "$key; #", DEVTALK_TLS_CERTIFICATE => "$certificate"],
    );
    for my $wrong (@wrong) {
        my ($says, %setting) = @$wrong;
        my ($code, $said) = driver('status', %setting);
        isnt $code, 0, 'is refused';
        like $said, $says, 'and says why';
        is $said =~ tr/\n//, 1, 'in one line';
    }
};

$changed = 1;
{
    local @ENV{qw(DEVTALK_TLS_CERTIFICATE DEVTALK_TLS_KEY)} = ("$certificate", "$key");
    server('restart', 'nginx-2');
}
eventually 'the node is whole', 20, sub { curl("$url/ready") =~ /"status":"ready"/ };

subtest 'HTTP over TLS' => sub {
    for my $way (['--http2', 2], ['--http1.1', '1.1']) {
        my ($option, $version) = @$way;
        is curl($option, '-o', '/dev/null', '-w', '%{http_version} %{http_code}', "$url/api/tags"), "$version 200", "HTTP/$version";
    }
    like curl('-D', '-', "$url/$_"), qr/^strict-transport-security: max-age=\d{8}\r$/mi, "$_: Strict-Transport-Security"
        for 'api/tags', 'api/nothing';
    is_deeply [map { scalar(() = curl('-D', '-', "$url/$_") =~ /^x-content-type-options: nosniff\r$/mgi) } 'api/tags', 'api/nothing'],
        [1, 1], 'and the others';
    unlike anybody(1)->get('/api/tags')->headers->{'strict-transport-security'} // '', qr/./, 'not without TLS';
};

subtest 'a call with a body, by HTTP/2' => sub {
    my $anna  = signed_in('anna');
    my $login = Mojo::JSON::encode_json({session => {map({ $_ => $anna->user->{$_} } qw(email password)), transport => 'cookie'}});
    my $jar   = $dir->child('cookies');
    my $said  = Mojo::JSON::decode_json(curl('--http2', '-c', "$jar", '-H', 'Content-Type: application/json', '-d', $login, "$url/api/sessions"));
    ok $said->{access_token}, 'is answered';
    like $jar->slurp, qr/__Secure-devtalk-refresh/, 'a secure cookie is taken';

    my $next = Mojo::JSON::decode_json(curl('--http2', '-b', "$jar", '-c', "$jar", '-H', 'Content-Type: application/json',
        '-d', '{"session":{}}', "$url/api/sessions/refresh"));
    is $next->{session}, $said->{session}, 'and refreshes the session';

    my $article = $anna->publish(body => 'x' x 50_000);
    my $body    = $dir->child('body')->spurt('{"article":{"body":"' . 'y' x 100_000 . '"}}');
    is curl('--http2', '-X', 'PUT', '-H', 'Content-Type: application/json', '-H', "Authorization: Token $said->{access_token}",
        '--data-binary', "\@$body", '-o', '/dev/null', '-w', '%{http_code}', "$url/api/articles/$article->{slug}"), 200, 'a large one';
    # Without a length, which HTTP/2 does not need.
    is curl('--http2', '-X', 'PUT', '-H', 'Content-Type: application/json', '-H', "Authorization: Token $said->{access_token}",
        '-H', 'Content-Length:', '-T', "$body", '-o', '/dev/null', '-w', '%{http_code}', "$url/api/articles/$article->{slug}"), 200,
        'one without a length';
    is length $anna->on(1)->article($article)->{body}, 100_000, 'is there';
};

subtest 'what is not spoken' => sub {
    for my $old (qw(tls1 tls1_1)) {
        isnt system("openssl s_client -connect 127.0.0.1:$port -$old -cipher 'ALL:\@SECLEVEL=0' </dev/null >/dev/null 2>&1"), 0, $old;
    }
    for my $cipher (qw(AES128-SHA ECDHE-ECDSA-AES128-SHA ECDHE-ECDSA-AES256-SHA384)) {
        isnt system("openssl s_client -connect 127.0.0.1:$port -tls1_2 -cipher $cipher </dev/null >/dev/null 2>&1"), 0, $cipher;
    }
    is system("openssl s_client -connect 127.0.0.1:$port -$_ </dev/null >/dev/null 2>&1"), 0, "but $_" for qw(tls1_2 tls1_3);

    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 5) or die "connect: $!";
    print $socket "GET /api/tags HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    my $answer = do { local $/; <$socket> };
    like $answer, qr{^HTTP/1\.1 400 }, 'HTTP without TLS is refused';
    like $answer, qr{application/problem\+json}, 'in the form of all errors';
};

plain();
eventually 'without the settings it is as before', 20, sub { whole(2) };
finish();
