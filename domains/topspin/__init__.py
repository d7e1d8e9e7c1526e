"""TopSpin: a ring of tokens, put in order by turning over k neighbouring ones at a time."""

from pdsearch.domains.topspin.ring import TopSpin as TopSpin
