package DevTalk::Stock;

# nginx without any module of ours, beside the nodes: what it does under the
# same load, at the same moment, on the same machine.

use Mojo::Base -base, -signatures;

use IO::Socket::INET;
use Mojo::File qw(path);

use DevTalk::Stack qw(home wait_until);

has dir  => sub { path(home(), 'stock') };
has port => sub {
    IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)->sockport;
};
has url    => sub ($self) { 'http://127.0.0.1:' . $self->port };
has binary => sub { $ENV{DEVTALK_NGINX} // 'nginx' };


sub start ($class) {
    my $self = $class->new;
    my $dir  = $self->dir->make_path;
    my $user = $> ? '' : 'user www-data;';
    my $port = $self->port;

    $dir->child('nginx.conf')->spurt(<<~"END");
        $user
        worker_processes 2;
        worker_shutdown_timeout 20s;
        pid $dir/pid;
        error_log $dir/error.log notice;
        events { worker_connections 1024; }
        http {
            access_log $dir/access.log;
            keepalive_timeout 65s;
            keepalive_requests 10000;
            client_body_temp_path $dir/body;
            proxy_temp_path $dir/proxy;
            fastcgi_temp_path $dir/fastcgi;
            uwsgi_temp_path $dir/uwsgi;
            scgi_temp_path $dir/scgi;
            server {
                listen 127.0.0.1:$port backlog=4096;
                location / { return 200 "ok"; }
            }
        }
        END

    system($self->binary, '-p', $dir, '-e', "$dir/error.log", '-c', "$dir/nginx.conf") == 0
        or die "nginx: see $dir/error.log";
    $self->{owner} = $$;
    wait_until(sub { $self->{master} = path($dir, 'pid')->slurp + 0 }, 5) or die 'nginx does not start';
    return $self;
}


sub reload ($self) { kill HUP => $self->{master} }


sub DESTROY ($self) {
    return unless $self->{master} && $self->{owner} == $$;
    local $?;
    local $@;
    kill TERM => $self->{master};
    wait_until(sub { !kill 0 => $self->{master} }, 10);
    $self->dir->remove_tree;
}


1;
