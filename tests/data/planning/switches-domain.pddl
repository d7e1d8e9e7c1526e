; a switch turns over the lamps it is wired to: conditional effects, negative preconditions
(define (domain switches)
  (:requirements :adl)
  (:types switch lamp - object)
  (:predicates (wired ?s - switch ?l - lamp) (lit ?l - lamp) (broken ?s - switch))
  (:action press :parameters (?s - switch)
    :precondition (not (broken ?s))
    :effect (forall (?l - lamp) (and
      (when (and (wired ?s ?l) (lit ?l)) (not (lit ?l)))
      (when (and (wired ?s ?l) (not (lit ?l))) (lit ?l))))))
