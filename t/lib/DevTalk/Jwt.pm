package DevTalk::Jwt;

# Tokens that an attacker, or a clock, might make.  By hand, with openssl.

use Mojo::Base -strict, -signatures;

use Digest::SHA qw(hmac_sha256);
use Exporter qw(import);
use File::Temp qw(tempdir);
use Mojo::File qw(path);
use Mojo::JSON qw(decode_json encode_json);
use MIME::Base64 qw(decode_base64 encode_base64);

our @EXPORT_OK = qw(b64url b64url_decode claims header_of join_token hs256
    es256 new_key jwk_to_pem);


sub b64url ($bytes) {
    return encode_base64($bytes, '') =~ tr{+/}{-_}r =~ s/=+$//r;
}

sub b64url_decode ($text) {
    return decode_base64($text =~ tr{-_}{+/}r . '=' x (-length($text) % 4));
}


sub header_of ($token) {
    return decode_json b64url_decode((split /\./, $token)[0]);
}

sub claims ($token) {
    return decode_json b64url_decode((split /\./, $token)[1]);
}


sub _input ($header, $claims) {
    return join '.', map { b64url(ref $_ ? encode_json $_ : $_) } $header, $claims;
}

sub join_token ($header, $claims, $signature = '') {
    return _input($header, $claims) . '.' . b64url($signature);
}

sub hs256 ($header, $claims, $secret) {
    my $input = _input($header, $claims);
    return "$input." . b64url(hmac_sha256($input, $secret));
}


# Signed with the PEM's key (P-256); the signature is r and s, 32 bytes each.

sub es256 ($header, $claims, $pem) {
    my $dir   = path(tempdir(CLEANUP => 1));
    my $input = _input($header, $claims);

    $dir->child('input')->spurt($input);
    system('openssl', 'dgst', '-sha256', '-sign', $pem, '-out',
        $dir->child('sig'), $dir->child('input')) == 0 or die 'openssl dgst';

    return "$input." . b64url(_raw($dir->child('sig')->slurp));
}

sub _raw ($der) {
    my ($r, $s) = (unpack 'C C C C/a C C/a', $der)[3, 5];
    return join '', map { substr +("\0" x 32) . $_, -32 } $r, $s;
}


# A PEM file with a key that no node knows.

sub new_key {
    state $dir = tempdir(CLEANUP => 1);
    state $n   = 0;
    my $file = "$dir/key" . $n++ . '.pem';
    system("openssl ecparam -name prime256v1 -genkey -noout -out $file"
        . ' 2>/dev/null') == 0 or die 'openssl ecparam';
    return $file;
}


# The PEM text of a published key: what an attacker has in hand.

sub jwk_to_pem ($jwk) {
    my $der = pack('H*', '3059301306072a8648ce3d020106082a8648ce3d030107034200'
        . '04') . b64url_decode($jwk->{x}) . b64url_decode($jwk->{y});
    my $text = encode_base64($der, '');
    $text =~ s/(.{1,64})/$1\n/g;
    return "-----BEGIN PUBLIC KEY-----\n$text-----END PUBLIC KEY-----\n";
}


1;
