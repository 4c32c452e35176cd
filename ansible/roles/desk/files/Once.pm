# A mail is taken once. Postfix gives each a receipt that it never gives again (its queue id); a delivery whose answer got
# lost is repeated under the same one, and finds it in the history.
package RT::Interface::Email::Once;

use strict;
use warnings;

use Role::Basic 'with';
with 'RT::Interface::Email::Role';

sub BeforeDecode {
    my %args = (Message => undef, @_);
    my $receipt = $args{Message}->head->get('X-Amanat-Receipt');
    TMPFAIL('a mail without a receipt') unless defined $receipt && $receipt =~ /^([0-9A-Za-z.-]{10,80})\s*$/;
    $receipt = $1;
    my $database = $RT::Handle->dbh;
    # Of a delivery before this one.
    $database->do('SELECT pg_advisory_unlock_all()');
    my ($free) = $database->selectrow_array('SELECT pg_try_advisory_lock(hashtextextended(?, 0))', undef, $receipt);
    my ($taken) = $database->selectrow_array(<<'SQL', undef, $receipt);
SELECT count(*) FROM attachments WHERE substring(headers FROM 'X-Amanat-Receipt: ([0-9A-Za-z.-]+)') = ?
SQL
    SUCCESS() if $taken;
    TMPFAIL('it is being taken') unless $free;
}

1;
