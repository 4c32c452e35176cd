# A mail is taken once for each queue. Postfix gives each a receipt that it never gives again (its queue id); a delivery whose
# answer got lost is repeated under the same one, and finds it in the history.
package RT::Interface::Email::Once;

use strict;
use warnings;

use Role::Basic 'with';
with 'RT::Interface::Email::Role';

sub BeforeDecode {
    my %args = (Message => undef, @_);
    my $receipt = $args{Message}->head->get('X-Amanat-Receipt');
    TMPFAIL('a mail without a receipt') unless defined $receipt && $receipt =~ m{^([0-9A-Za-z./-]{10,100})\s*$};
    $receipt = $1;
    my $database = $RT::Handle->dbh;
    my ($free) = $database->selectrow_array('SELECT pg_try_advisory_lock(hashtextextended(?, 0))', undef, $receipt);
    # It goes with the request, whatever becomes of that.
    $HTML::Mason::Commands::m->notes('amanat-receipt' => bless {}, 'RT::Interface::Email::Once::Lock') if $free;
    my ($taken) = $database->selectrow_array(<<'SQL', undef, $receipt);
SELECT count(*) FROM attachments
WHERE parent = 0 AND substring(headers FROM '(?n)^X-Amanat-Receipt: ([0-9A-Za-z./-]{10,100})$') = ?
SQL
    SUCCESS() if $taken;
    TMPFAIL('it is being taken') unless $free;
}

package RT::Interface::Email::Once::Lock;

sub DESTROY {
    eval { $RT::Handle->dbh->do('SELECT pg_advisory_unlock_all()') };
}

1;
