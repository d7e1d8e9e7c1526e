; the shape of a turning puzzle: every action moves whatever stands on some places, by conditional effects alone
(define (domain turns)
  (:requirements :typing :conditional-effects :universal-preconditions)
  (:types token place)
  (:constants a b c d e - place)
  (:predicates (at ?x - token ?p - place))
  (:action turn-left :parameters () :precondition ()
    :effect (forall (?x - token) (and
      (when (at ?x a) (and (not (at ?x a)) (at ?x b)))
      (when (at ?x b) (and (not (at ?x b)) (at ?x c)))
      (when (at ?x c) (and (not (at ?x c)) (at ?x a))))))
  (:action turn-right :parameters () :precondition ()
    :effect (forall (?x - token) (and
      (when (at ?x c) (and (not (at ?x c)) (at ?x d)))
      (when (at ?x d) (and (not (at ?x d)) (at ?x e)))
      (when (at ?x e) (and (not (at ?x e)) (at ?x c)))))))
