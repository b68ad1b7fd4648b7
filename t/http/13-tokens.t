use lib 't/lib';
use DevTalk::Test;

use Mojo::File qw(path);
use Mojo::JSON qw(encode_json);
use Time::HiRes ();

use DevTalk::Jwt qw(b64url b64url_decode claims es256 header_of hs256 join_token
    jwk_to_pem new_key);
use DevTalk::Stack qw(signing_key);

# Every wrong kind of token is 401 "is invalid", on every operation, and says
# nothing else.  Too many bad ones from an address may be 429 in their place.

my $anna   = signed_in('anna');
my $token  = $anna->token;
my ($header, $claims) = (header_of($token), claims($token));
my ($key)  = grep { $_->{kid} eq $header->{kid} }
    @{anybody()->get('/.well-known/jwks.json')->json->{keys}};
my $pem    = jwk_to_pem($key);
my $later  = {%$claims, exp => time + 600};

my $bad = sub ($name, $token) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $reply = anybody()->token($token)->get('/api/user');
    return pass "$name (429)" if $reply->status == 429;
    $reply->refused(401, token => 'is invalid', -name => $name);
};

subtest 'algorithms' => sub {
    $bad->("alg $_", join_token({%$header, alg => $_}, $later)) for qw(none None NONE nOnE), '';
    $bad->("alg $_, with the signature of ES256", do {
        my $signature = b64url_decode((split /\./, $token)[2]);
        join_token({%$header, alg => $_}, $claims, $signature)
    }) for qw(none ES384 ES256K RS256 HS256 EdDSA);

    my $trimmed = $pem =~ s/\n$//r;
    my %secret = (
        'the public key as PEM'             => $pem,
        'the same without its last newline' => $trimmed,
        'its DER'                           => b64url_decode($pem =~ s/-----[^-]+-----|\n//gr =~ tr{+/}{-_}r),
        'the JWK'                           => encode_json($key),
        'its x'                             => $key->{x},
        'its point'                         => "\x04" . b64url_decode($key->{x}) . b64url_decode($key->{y}),
        'nothing'                           => '',
        'the key id'                        => $key->{kid},
    );
    my ($kid, $file) = signing_key();
    $secret{'the file of the private key'} = path($file)->slurp if $file && -r $file;
    $bad->("HS256 with $_", hs256({%$header, alg => 'HS256'}, $later, $secret{$_})) for sort keys %secret;
    $bad->('no alg', hs256({typ => 'at+jwt', kid => $header->{kid}}, $later, $pem));
    $bad->("alg is $$_[0]", join_token({%$header, alg => $$_[1]}, $later))
        for ['a number', 1], ['null', undef], ['a list', ['ES256']], ['an object', {}], ['true', true];
};

subtest 'signatures' => sub {
    my ($head, $body, $signature) = split /\./, $token;
    my $raw = b64url_decode($signature);

    $bad->('none', "$head.$body.");
    $bad->('no third part', "$head.$body");
    $bad->('a fourth part', "$token.$signature");
    $bad->('its first bit', "$head.$body." . b64url($raw ^ ("\x80" . "\0" x 63)));
    $bad->('its last bit',  "$head.$body." . b64url($raw ^ ("\0" x 63 . "\x01")));
    $bad->('one byte less', "$head.$body." . b64url(substr $raw, 0, 63));
    $bad->('one byte more', "$head.$body." . b64url("$raw\0"));
    $bad->('zeros',         "$head.$body." . b64url("\0" x 64));
    $bad->('ones',          "$head.$body." . b64url("\xFF" x 64));
    $bad->('r and s exchanged', "$head.$body." . b64url(substr($raw, 32) . substr($raw, 0, 32)));
    $bad->('as DER', "$head.$body." . b64url("\x30\x44\x02\x20" . substr($raw, 0, 32) . "\x02\x20" . substr($raw, 32)));
    $bad->('of a key of my own', es256($header, $later, new_key()));
    $bad->('with padding', "$token==");
};

subtest 'altered' => sub {
    my ($head, undef, $signature) = split /\./, $token;
    $bad->("$_ of somebody else", join '.', $head, b64url(encode_json({%$claims, $_ => '1'})), $signature)
        for qw(sub sid role username exp);
    $bad->('the header', join '.', b64url(encode_json({%$header, x => 1})), (split /\./, $token)[1, 2]);
    for my $n (0 .. 2) {
        my @part = split /\./, $token;
        substr($part[$n], 10, 1) = substr($part[$n], 10, 1) eq 'A' ? 'B' : 'A';
        $bad->("a letter of part $n", join '.', @part);
    }
};

subtest 'no token at all' => sub {
    my %text = (
        'a word' => 'x', 'dots' => '..', 'more dots' => '.....', 'blanks' => 'a b c', 'a bomb' => '.' x 2000,
        'no base64' => '!!!.???.***', 'empty objects' => join('.', (b64url('{}')) x 3),
        'no JSON' => join('.', map { b64url($_) } '{', '}', 'x'),
        'null' => join('.', map { b64url($_) } 'null', 'null', ''), 'lists' => join('.', map { b64url($_) } '[]', '[]', ''),
        'deep JSON' => join('.', b64url('[' x 500), b64url('[' x 500), 'x'),
        'bad UTF-8' => join('.', b64url(qq({"alg":"ES256","kid":"\xFF"})), b64url("{\"sub\":\"\xC0\"}"), 'x'),
        'NUL' => join('.', b64url(qq({"alg":"ES256","kid":"$key->{kid}\\u0000x","typ":"at+jwt"})), (split /\./, $token)[1, 2]),
        'oversize' => 'x' x 2049, 'oversize, with dots' => join('.', ('x' x 1000) x 3), 'huge' => 'x' x 7000,
        'oversize and rightly signed by nobody' => join_token($header, {%$later, x => 'x' x 4000}, 'x' x 64),
        'the refresh of something' => b64url('x' x 32),
    );
    $bad->($_, $text{$_}) for sort keys %text;

    for my $authorization ('Token', 'Bearer', 'Token ', 'Basic ' . b64url('anna:x'), $token, "Token$token", 'Digest x', "Token $token $token") {
        my $reply = anybody()->get('/api/user', headers => {Authorization => $authorization});
        like $reply->status, qr/^(?:401|429)$/, 'Authorization: ' . substr $authorization, 0, 30;
    }
};

subtest 'other headers' => sub {
    $bad->('another kid', es256({%$header, kid => 'nobody'}, $later, new_key()));
    $bad->("kid $_", es256({%$header, kid => $_}, $later, new_key()))
        for '../../../../dev/null', "' or 1=1", '', 'x' x 500;
    my $jwk = {kty => 'EC', crv => 'P-256', x => $key->{x}, y => $key->{y}};
    my $mine = new_key();
    $bad->("a key that it brings itself ($_)", es256({%$header, $_ => $jwk}, $later, $mine)) for 'jwk';
    $bad->("a key that it says where to find ($_)", es256({%$header, $_ => 'http://127.0.0.1:1/'}, $later, $mine))
        for qw(jku x5u);
};

subtest 'rightly signed, but' => sub {
    my ($kid, $file) = signing_key();
    plan skip_all => 'the key of the nodes is not in their configuration'
        unless $file && -r $file;
    my $now  = time;
    my $sign = sub ($head, $body) { es256({%$header, %$head}, $body, $file) };
    my $without = sub ($name) { my %c = %$later; delete $c{$name}; \%c };

    eventually '(one made the same way is good)', 10, sub {
        anybody()->token($sign->({}, $later))->get('/api/user')->status == 200
    };

    $bad->('expired',           $sign->({}, {%$claims, exp => $now - 120, iat => $now - 900}));
    $bad->('expired just now',  $sign->({}, {%$claims, exp => $now - 61}));
    $bad->('not yet',           $sign->({}, {%$later, nbf => $now + 300}));
    $bad->('for ever',          $sign->({}, $without->('exp')));
    $bad->("exp $$_[0]",        $sign->({}, {%$later, exp => $$_[1]}))
        for ['as text', '' . ($now + 600)], ['null', undef], ['negative', -1], ['a list', []], ['zero', 0];
    $bad->('of another issuer', $sign->({}, {%$later, iss => 'https://evil.example'}));
    $bad->('of no issuer',      $sign->({}, $without->('iss')));
    $bad->('for somebody else', $sign->({}, {%$later, aud => 'other'}));
    $bad->('for nobody',        $sign->({}, $without->('aud')));
    $bad->("without $_",        $sign->({}, $without->($_))) for qw(sub sid jti iat role username);
    $bad->("sub $$_[0]",        $sign->({}, {%$later, sub => $$_[1]}))
        for ['0', '0'], ['negative', '-1'], ['no number', 'anna'], ['too large', '9' x 30], ['a blank', ''], ['null', undef];
    $bad->("sid $$_[0]",        $sign->({}, {%$later, sid => $$_[1]}))
        for ['too long', 'x' x 200], ['a number', 7], ['null', undef];
    $bad->('typ JWT',           $sign->({typ => 'JWT'}, $later));
    $bad->('typ refresh',       $sign->({typ => 'rt+jwt'}, $later));
    $bad->('no typ',            do { my %h = %$header; delete $h{typ}; es256(\%h, $later, $file) });
    $bad->('no kid',            do { my %h = %$header; delete $h{kid}; es256(\%h, $later, $file) });
    $bad->('critical extensions', $sign->({crit => ['b64'], b64 => false}, $later));
};

subtest 'everywhere' => sub {
    my $bad = anybody()->token($token . 'x');
    my $path = '/api/articles/' . unique('nothing');
    for my $operation ([GET => '/api/tags'], [GET => '/api/articles'], [GET => $path], [GET => '/api/profiles/x'],
        [GET => "$path/comments"], [POST => '/api/users/login', {user => {}}], [PUT => $path, {article => {}}],
        [DELETE => $path], [POST => "$path/favorite"], [POST => '/api/users/logout'])
    {
        my $reply = $bad->request(@$operation);
        like $reply->status, qr/^(?:401|429)$/, "$operation->[0] $operation->[1] refuses a bad one";
    }
};

subtest 'afterwards' => sub {
    # This address was blamed, in every worker; for some seconds.
    for my $node (1, 2) {
        eventually "the good one is good on node $node", 15, sub {
            12 == grep { $anna->on($node)->get('/api/user')->status == 200 } 1 .. 12
        };
    }
};

subtest 'many bad ones do not cost much' => sub {
    my $begun = Time::HiRes::time();
    my %status;
    my $client = anybody();
    for my $n (1 .. 400) {
        my $token = join_token($header, {%$later, n => $n}, pack('Q*', map { int rand 2**40 } 1 .. 8));
        $status{$client->token($token)->get('/api/tags')->status}++;
    }
    my $took = Time::HiRes::time() - $begun;
    is_deeply [grep { !/^(?:401|429)$/ } keys %status], [], join ', ', map {"$_: $status{$_}"} sort keys %status;
    cmp_ok $took, '<', 10, sprintf '400 in %.1f s', $took;
};

subtest 'who has sent them is forgiven soon' => sub {
    my $bob = signed_in('bob');
    for my $node (1, 2) {
        eventually "on node $node", 15, sub {
            12 == grep { $bob->on($node)->get('/api/user')->status == 200 } 1 .. 12
        };
    }
};

finish();
