use lib 't/lib';
use DevTalk::Test;

use DevTalk::Load;

# A migration while the nodes serve: what a statement returns has another type
# than when it was prepared, and PostgreSQL refuses it ("cached plan must not
# change result type").  The connections are made anew, the statements sent
# again: no request fails, no event waits.

my $anna = signed_in('anna');
$anna->publish for 1, 2;
my $list = '/api/articles?limit=1&author=' . $anna->username;

my $pg = pg();

# The place of a list's next page: made by another function of the same name.

my $OTHER = <<~'SQL';
    alter function articles.list_position rename to list_position_before;
    create function articles.list_position(moment timestamptz, id bigint)
        returns varchar language sql stable
        return articles.list_position_before(moment, id)::varchar;
    SQL
my $BACK = <<~'SQL';
    drop function articles.list_position;
    alter function articles.list_position_before rename to list_position;
    SQL

my $migrate = sub ($sql) {
    $pg->begin_work;
    $pg->do($sql);
    $pg->do('alter table articles.articles add column moved integer');
    $pg->do('alter table articles.articles drop column moved');
    $pg->commit;
};

my $anew = sub {
    return scalar grep {/postgres "articles".*to be made anew/} log_lines();
};

subtest 'what a request reads' => sub {
    my $load = DevTalk::Load->start(clients => 4, work => sub ($n, $round) {
        my $reply = anybody($n % 2 + 1)->get($list);
        return {status => $reply->status, why => $reply->failure, next => $reply->next_page};
    });
    my $going_on = sub {
        my $count = $load->count;
        ok wait_until(sub { $load->count > $count + 200 }, 20), 'reads go on';
    };

    $going_on->();
    for my $sql ($OTHER, $BACK, $OTHER, $BACK) {
        my $before = $anew->();
        $migrate->($sql);
        $going_on->();
        ok $anew->() > $before, 'by connections made anew';
    }

    my @replies = $load->stop;
    my @wrong = grep { $_->{status} != 200 || !$_->{next} } @replies;
    is scalar(@wrong), 0, 'none failed of ' . @replies or diag explain $wrong[0];
};

subtest 'what the relay reads' => sub {
    for my $type ('varchar(300)', 'text') {
        my $before = $anew->();
        $pg->do("alter table articles.outbox alter column type type $type");
        $anna->publish;
        eventually('the event leaves for Kafka', 10, sub {
            !($pg->selectrow_array('select count(*) from articles.outbox'))[0];
        });
        ok $anew->() > $before, "$type: by a connection made anew";
    }
};

finish();
