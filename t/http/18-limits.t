use lib 't/lib';
use DevTalk::Test;

use File::Temp qw(tempdir);
use Mojo::File qw(path);
use Mojo::UserAgent;
use Mojo::URL;

# The limits as a node on the internet has them: the other tests run without.
# A node of this file's own, with limits.conf in the place of limits-off.conf.

my $dir  = path(tempdir(CLEANUP => 1));
my $from = path(DevTalk::Stack::home(), 'nginx-1');
my $port = Mojo::URL->new($ENV{DEVTALK_URL})->port;
my $own  = $port + 50;
my $url  = "http://127.0.0.1:$own";

$_->copy_to($dir->child($_->basename)) for grep { /\.conf$/ } $from->list->each;
$dir->child('tmp')->make_path({mode => 0777});
chmod 0755, $dir;

my $conf = $dir->child('nginx.conf');
my $text = $conf->slurp;
$text =~ s{\Q$from\E/}{$dir/}g;
$text =~ s/limits-off\.conf/limits.conf/;
$text =~ s/:$port\b/:$own/;
open my $file, '>', $conf or die "$conf: $!";
print $file $text;
close $file;

my $nginx = $ENV{DEVTALK_NGINX} // 'nginx';
is system($nginx, '-p', "$dir/", '-c', "$conf"), 0, 'the node starts';

my $pid = $dir->child('pid');
END {
    my $code = $?;
    if ($pid && -e $pid && (my $master = $pid->slurp) > 1) {
        kill QUIT => $master;
        wait_until(sub { !kill 0 => $master }, 20);
    }
    $? = $code;
}

my $ua = Mojo::UserAgent->new(max_connections => 1);
eventually 'and answers', 10, sub { ($ua->get("$url/api/tags")->res->code // 0) == 200 };

sub burst ($times, @request) {
    my %status;
    my $refused;
    for (1 .. $times) {
        my $reply = $ua->start($ua->build_tx(@request))->res;
        $status{$reply->code}++;
        $refused //= $reply if $reply->code == 429;
    }
    return (\%status, $refused);
}

my %login = (user => {email => 'nobody@example.com', password => 'not the one'});

subtest 'guessing passwords' => sub {
    my ($status, $refused) = burst(20, POST => "$url/api/users/login", json => \%login);
    cmp_ok $status->{401}, '<=', 13, "$status->{401} guesses are answered";
    ok $refused, 'then no more' or return;
    is $refused->headers->content_type, 'application/problem+json', 'in the common form';
    is $refused->json->{code}, 'too_many_requests', 'with its code';
    is $refused->json->{requestId}, $refused->headers->header('X-Request-Id'), 'and the id';
    cmp_ok $refused->headers->header('Retry-After'), '>=', 1, 'and when to come again';
};

subtest 'another class has its own limit' => sub {
    my ($status) = burst(30, GET => "$url/api/tags");
    is_deeply $status, {200 => 30}, 'readers read on';
};

subtest 'writing, by user' => sub {
    my ($anna, $bob) = map { signed_in($_) } qw(anna bob);
    my $made = $anna->publish;
    my @put  = (PUT => "$url/api/articles/$made->{slug}");
    my $text = {article => {description => 'Again'}};

    my ($status, $refused) = burst(60, @put, {Authorization => 'Token ' . $anna->token}, json => $text);
    cmp_ok $status->{200}, '>=', 20, "$status->{200} writes in a burst";
    ok $refused, 'then no more';

    my ($other) = burst(1, POST => "$url/api/articles/$made->{slug}/favorite", {Authorization => 'Token ' . $bob->token});
    is_deeply $other, {200 => 1}, 'another user from the same address may still write';
};

finish();
